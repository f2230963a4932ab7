// Short messages at the lower edge of the page.

import { $, h } from "./dom.js";

/**
 * Show a message; errors stay until they are closed.
 * @param {string} text
 * @param {{kind?: "info"|"good"|"error", remedy?: string, action?: {text: string, run: () => void}}} [options]
 */
export function toast(text, { kind = "info", remedy = "", action = null } = {}) {
  const [said, advice] = [text, remedy].map((words) => words && words[0].toUpperCase() + words.slice(1));
  const close = h("button", { type: "button", class: "quiet small", text: "Close", on: { click: () => item.remove() } });
  const item = h("div", { class: `toast ${kind}` }, h("p", { text: said }), advice ? h("p", { class: "remedy", text: advice }) : null,
    h("div", { class: "row" }, action ? h("button", { type: "button", class: "small", text: action.text, on: { click: () => { item.remove(); action.run(); } } }) : null, close));
  const box = $("toasts");
  box.append(item);
  while (box.children.length > 4) box.firstChild.remove();
  if (kind !== "error" && !action) setTimeout(() => item.remove(), 6000);
}

/** Show what the server refused. */
export function toastError(error, what = "") {
  const text = error.message ?? String(error);
  toast(what ? `${what}: ${text}` : text, { kind: "error", remedy: error.remedy ?? "" });
}
