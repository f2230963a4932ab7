// The keys, and the help that lists them.

import { $, h, plural, short } from "./dom.js";

/** Keys as they are shown, what they do, and the command; pairs without a command are handled elsewhere. */
const KEYS = [
  ["Select and look", [
    ["V", "select", "Select with the pointer"], ["L", "lasso", "Select by drawing around"], ["A", "all", "Select all objects that are shown"],
    ["Esc", "none", "Select nothing; back to the select tool"], ["O", "outlines", "Outlines on or off"], ["C", "fills", "Fills on or off"],
    ["0", "fit", "Whole image"], ["+ and -", null, "Zoom in and out"], ["Arrow keys", null, "Move the image, when it has the focus"],
    ["Space", null, "Held: drag moves the image with every tool"], ["J and K", null, "Next and previous image"], [", and .", null, "Previous and next frame or plane"],
  ]],
  ["In the table", [
    ["Up and Down", null, "Move, and select"], ["Shift+Up and Down", null, "Select more"], ["Page Up, Page Down, Home, End", null, "Move further"],
  ]],
  ["Correct", [
    ["Del", "delete", "Delete the selected objects"], ["M", "merge", "Merge the selected objects"], ["S", "split", "Split by a line"],
    ["X", "halve", "Split the selected object across its middle, without the pointer"], ["D", "draw", "Draw an object by its outline"],
    ["B", "brush", "Brush"], ["E", "erase", "Erase"], ["[ and ]", null, "Smaller and larger brush"], ["F", "fill", "Fill holes"],
    ["G", "grow", "Grow by a pixel"], ["H", "shrink", "Shrink by a pixel"], ["1 to 9", null, "Give the selected objects a class"],
    ["Ctrl+Z", "undo", "Undo"], ["Ctrl+Shift+Z", "redo", "Redo, also Ctrl+Y"],
  ]],
];

const OFF = "hooke-letters-off";

/** Connect the keys and the help. */
export function connectKeys(app, commands) {
  const letters = new Map(KEYS.flatMap(([, keys]) => keys).filter(([key, command]) => command && key.length === 1).map(([key, command]) => [key.toLowerCase(), command]));
  Object.assign(commands, { neighbour: (step) => nextImage(app, step) });
  let off = readSwitch();
  addEventListener("keydown", (event) => {
    if ($("help").open || event.altKey || event.defaultPrevented) return;
    if (writes(event.target)) return;
    const key = event.key.toLowerCase();
    if (event.ctrlKey || event.metaKey) {
      const command = key === "z" ? (event.shiftKey ? "redo" : "undo") : key === "y" ? "redo" : null;
      if (command) event.preventDefault(), commands[command]();
      return;
    }
    const command = { delete: "delete", backspace: "delete", escape: "none" }[key] ?? (off ? null : letters.get(key));
    if (command) return event.preventDefault(), commands[command]();
    if (off) return;
    if (key === "+" || key === "=") commands.plus();
    else if (key === "-") commands.minus();
    else if (key === "[") commands.brushSmaller();
    else if (key === "]") commands.brushLarger();
    else if (key === "j") commands.neighbour(1);
    else if (key === "k") commands.neighbour(-1);
    else if (key === "," || key === ".") nextFrame(app, key === "." ? 1 : -1);
    else if (key === "?") $("open-help").click();
    else if (/^[1-9]$/.test(key)) giveClass(app, commands, Number(key) - 1);
    else return;
    event.preventDefault();
  });
  app.on("info", () => { $("kept").textContent = keptText(app.info.limits ?? {}); });
  drawHelp(() => off, (now) => { off = now; localStorage.setItem(OFF, now ? "1" : ""); });
}

function readSwitch() {
  try {
    return Boolean(localStorage.getItem(OFF));
  } catch {
    return false;
  }
}

/** Whether a key is meant for what is written in. */
function writes(target) {
  return target.isContentEditable || target.tagName === "SELECT" || target.tagName === "TEXTAREA" ||
    (target.tagName === "INPUT" && !["checkbox", "radio", "range", "color", "button"].includes(target.type));
}

function giveClass(app, commands, place) {
  const names = app.classNames?.() ?? [];
  if (names[place] !== undefined) commands.reclass(names[place]);
}

function nextImage(app, step) {
  const ids = [...app.images.keys()];
  const at = ids.indexOf(app.current?.id);
  if (ids.length) app.emit("open", ids[(at + step + ids.length) % ids.length]);
}

/** Step through the frames that were tracked together, else through the planes of the stack. */
function nextFrame(app, step) {
  const { current, plane, tracks } = app;
  if (!current) return;
  const to = tracks?.frames[tracks.frame + step] ?? { image: current.id, plane: plane + step };
  if (to.image !== current.id || (to.plane >= 0 && to.plane < current.plane_count)) app.emit("open", to.image, to.plane);
}

function drawHelp(isOff, setOff) {
  const dialog = $("help");
  const close = h("button", { type: "button", class: "primary", text: "Close", on: { click: () => dialog.close() } });
  const check = h("input", { type: "checkbox", on: { change: () => setOff(!check.checked) } });
  check.checked = !isOff();
  dialog.append(
    h("h2", { id: "help-title", text: "Keys and help" }),
    h("p", { text: "Drop images, correct what is wrong, mark each image as corrected, then tune or adapt under Learn. Everything stays on the computer that runs hooke." }),
    h("div", { class: "key-groups" }, ...KEYS.map(([title, keys]) => h("section", {}, h("h3", { text: title }),
      h("dl", { class: "keys" }, ...keys.flatMap(([key, , text]) => [h("dt", {}, ...keyCaps(key)), h("dd", { text })]))))),
    h("p", { class: "hint", id: "kept" }),
    h("label", { class: "check" }, check, "Keys of one letter work (switch them off if a speech program or another tool uses them)"),
    h("div", { class: "row end" }, close),
  );
  $("open-help").addEventListener("click", () => dialog.showModal());
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
}

/** What the server removes by itself, and what it never does. */
function keptText({ keep_days: days = 0, folder_bytes: bytes = 0 }) {
  const rules = [days ? `images that nobody opened for ${plural(days, "day")}` : "", bytes ? `those opened least lately where all take more than ${short(Math.round(bytes / 2 ** 30 * 10) / 10)} GiB` : ""].filter(Boolean);
  return rules.length ? `The server removes ${rules.join(", and ")}. It never removes images that are corrected, or edited and not saved as label image since, and nothing while this page is open.` : "";
}

function keyCaps(text) {
  return text.split(/( and |, | to )/).map((part, place) => (place % 2 ? part : h("kbd", { text: part })));
}
