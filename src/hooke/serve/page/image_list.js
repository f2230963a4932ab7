// The list of images: adds them, opens them, shows their state.

import * as api from "./api.js";
import { $, h, plural } from "./dom.js";
import { icon } from "./icons.js";
import { toast, toastError } from "./toasts.js";

const STATES = { new: "not segmented", segmented: "segmented", corrected: "corrected" };

/** Connect the drop zone, the file picker and the list. `arrived` is called with the images that were added. */
export function connectImages(app, open, arrived) {
  const add = (files) => addFiles(app, files, open, arrived);
  $("files").addEventListener("change", (event) => {
    add([...event.target.files]);
    event.target.value = "";
  });
  connectDrop(add);
  $("by-path").addEventListener("submit", async (event) => {
    event.preventDefault();
    try {
      const reply = await api.openPath($("path").value.trim());
      $("path").value = "";
      take(app, { images: [reply] }, open, arrived);
    } catch (error) {
      toastError(error);
    }
  });
  app.on("images current", () => drawList(app, open));
  app.on("open", open);
}

function connectDrop(add) {
  const veil = $("drop-veil");
  const holdsFiles = (event) => event.dataTransfer?.types.includes("Files");
  let depth = 0;
  addEventListener("dragenter", (event) => { if (holdsFiles(event)) { depth++; veil.hidden = false; } });
  addEventListener("dragleave", (event) => { if (holdsFiles(event) && --depth <= 0) { depth = 0; veil.hidden = true; } });
  addEventListener("dragover", (event) => holdsFiles(event) && event.preventDefault());
  addEventListener("drop", (event) => {
    if (!holdsFiles(event)) return;
    event.preventDefault();
    depth = 0;
    veil.hidden = true;
    add([...event.dataTransfer.files]);
  });
}

async function addFiles(app, files, open, arrived) {
  if (!files.length) return;
  const bar = h("progress", { max: 1, value: 0, "aria-label": "Files sent" });
  const item = h("div", { class: "job" }, h("span", { text: `Adding ${plural(files.length, "file")}` }), bar);
  $("jobs").before(item);
  $("refused").replaceChildren();
  try {
    take(app, await api.upload(files, (share) => { bar.value = share; }), open, arrived);
  } catch (error) {
    toastError(error, "Adding files");
  } finally {
    item.remove();
  }
}

function take(app, { images = [], refused = [] }, open, arrived) {
  const added = images.map((image) => app.putImage(image));
  showRefused(refused);
  app.emit("images");
  if (added.length && (!app.current || app.current.state === "new")) open(added[0].id);
  if (added.length) arrived(added);
}

function showRefused(refused) {
  $("refused").replaceChildren(...refused.map(({ name, error, remedy }) => {
    const item = h("div", { class: "warning" }, h("div", { class: "row between" }, h("strong", { text: name }),
      h("button", { type: "button", class: "quiet small", "aria-label": `Close the message on ${name}`, on: { click: () => item.remove() } }, icon("close"))),
    h("p", { text: sentence(error.replace(`${name}: `, "")) }), remedy ? h("p", { class: "hint", text: sentence(remedy) }) : null);
    return item;
  }));
}

/** A text that begins with a capital letter and ends with a full stop. */
const sentence = (text) => (text ? `${text[0].toUpperCase()}${text.slice(1).replace(/[.\s]+$/, "")}.` : "");

const thumbs = new Map(); // id -> element: a list that is drawn again keeps its pictures

function drawList(app, open) {
  const list = $("images");
  $("drop").classList.toggle("few", app.images.size > 0);
  $("images-count").textContent = app.images.size ? plural(app.images.size, "image") : "";
  for (const item of [...list.children]) if (!app.images.has(item.dataset.id)) item.remove();
  for (const image of app.images.values()) {
    let item = [...list.children].find((child) => child.dataset.id === image.id);
    if (!item) list.append((item = listItem(app, image, open)));
    const button = item.querySelector("button.open");
    if (app.current?.id === image.id) button.setAttribute("aria-current", "true");
    else button.removeAttribute("aria-current");
    item.querySelector(".state").textContent = stateOf(image);
    item.querySelector(".state").dataset.state = image.state;
    const warning = item.querySelector(".image-warning");
    const notes = [...new Set(image.warnings ?? [])];
    warning.hidden = !notes.length;
    warning.textContent = notes.length ? `${plural(notes.length, "remark")}: ${notes.join(" ")}` : "";
  }
}

function stateOf(image) {
  const count = image.state === "new" ? "" : `${plural(image.count ?? 0, "object")}, `;
  return image.state === "segmented" ? plural(image.count ?? 0, "object") : `${count}${STATES[image.state] ?? image.state}`;
}

function listItem(app, image, open) {
  const remove = h("button", { type: "button", class: "quiet small remove", "aria-label": `Remove ${image.name}`, title: "Remove from this page", on: { click: () => removeImage(app, image, open) } }, icon("close"));
  return h("li", { data: { id: image.id } },
    h("button", { type: "button", class: "open", on: { click: () => open(image.id) } },
      thumbnail(image),
      h("span", { class: "about" }, h("span", { class: "name", text: image.name }), h("span", { class: "state" }),
        h("span", { class: "image-warning", hidden: true }))),
    remove);
}

async function removeImage(app, image, open) {
  if (image.state !== "new" && !confirm(`Remove ${image.name} and its results from this page? The file that you dropped stays where it is.`)) return;
  try {
    await api.removeImage(image.id);
  } catch (error) {
    if (error.status !== 404) return toastError(error);
  }
  app.images.delete(image.id);
  thumbs.delete(image.id);
  const next = app.images.keys().next().value ?? null;
  if (app.current?.id === image.id) open(next);
  app.emit("images");
  return toast(`${image.name} was removed.`);
}

/** The coarsest tile, cut to the image. */
function thumbnail(image) {
  if (thumbs.has(image.id)) return thumbs.get(image.id);
  const scale = 2 ** (image.levels - 1);
  const [width, height] = [Math.ceil(image.width / scale), Math.ceil(image.height / scale)];
  const shown = 56 / Math.max(width, height);
  const picture = h("img", { alt: "", loading: "lazy", src: api.imageTile(image.id, image.levels - 1, 0, 0, 0, []) });
  picture.style.width = picture.style.height = `${256 * shown}px`;
  const frame = h("span", { class: "thumb" }, picture);
  frame.style.width = `${width * shown}px`;
  frame.style.height = `${height * shown}px`;
  const box = h("span", { class: "thumb-box" }, frame);
  thumbs.set(image.id, box);
  return box;
}
