// Tabs of the results, and the parts of the page on a phone.

import { $, h } from "./dom.js";

const TABS = [["objects", "Objects"], ["plots", "Plots"], ["counts", "Counts"], ["tracks", "Tracks"], ["look", "Display"], ["learn", "Learn"], ["save", "Save"]];

/** Connect tabs; `opened` is called with the name of the tab that is shown. */
export function connectTabs(app) {
  const box = $("tabs");
  app.tabButton = (name) => $(`tab-${name}-button`);
  const show = (name) => {
    for (const [tab] of TABS) {
      const on = tab === name;
      $(`tab-${tab}`).hidden = !on;
      const button = $(`tab-${tab}-button`);
      button.setAttribute("aria-selected", String(on));
      button.tabIndex = on ? 0 : -1;
    }
    app.tab = name;
    app.emit("tab", name);
  };
  for (const [name, title] of TABS) {
    box.append(h("button", { type: "button", role: "tab", id: `tab-${name}-button`, "aria-controls": `tab-${name}`, text: title, on: { click: () => show(name) } }));
  }
  box.addEventListener("keydown", (event) => {
    const names = TABS.map(([name]) => name).filter((name) => !$(`tab-${name}-button`).hidden);
    const at = names.indexOf(app.tab);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: names.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    show(names[(to + names.length) % names.length]);
    $(`tab-${app.tab}-button`).focus();
  });
  show("objects");
  connectPhone();
  connectTheme();
}

function connectPhone() {
  const buttons = document.querySelectorAll(".phone-nav button");
  for (const button of buttons) {
    button.addEventListener("click", () => {
      document.body.dataset.panel = button.dataset.panel;
      for (const other of buttons) other.setAttribute("aria-pressed", String(other === button));
    });
  }
}

/** Show the viewer on a phone. */
export function showPanel(name) {
  document.querySelector(`.phone-nav button[data-panel="${name}"]`).click();
}

function connectTheme() {
  const root = document.documentElement;
  const button = $("theme");
  const system = matchMedia("(prefers-color-scheme: dark)");
  const dark = () => (root.dataset.theme ? root.dataset.theme === "dark" : system.matches);
  const name = () => { button.textContent = dark() ? "Light colours" : "Dark colours"; };
  button.addEventListener("click", () => {
    root.dataset.theme = dark() ? "light" : "dark";
    localStorage.setItem("hooke-theme", root.dataset.theme);
    name();
  });
  system.addEventListener("change", name);
  name();
}
