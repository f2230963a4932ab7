// The tab of downloads.

import * as api from "./api.js";
import { $, h, plural } from "./dom.js";
import { toastError } from "./toasts.js";

const FILES = [
  ["labels.tif", "Label image", "TIFF: 0 is background, each object has its number"],
  ["table.csv", "Measurements", "CSV: a row per object, for a spreadsheet or statistics"],
  ["objects.geojson", "Outlines", "GeoJSON, for QuPath"],
  ["rois.zip", "ROIs", "zip, for Fiji and ImageJ"],
  ["overlay.png", "Picture", "PNG: the image with outlines"],
];

/** Save a file, or say why it can't be made; a plain link would save the error. */
async function save(event, name) {
  event.preventDefault();
  try {
    const { file, as } = await api.download(event.currentTarget.href);
    const address = URL.createObjectURL(file);
    h("a", { href: address, download: as }).click();
    setTimeout(() => URL.revokeObjectURL(address), 60000);
  } catch (error) {
    toastError(error, name);
  }
}

/** Connect the tab. */
export function connectSave(app) {
  const one = h("div");
  const all = h("div");
  $("tab-save").append(h("h3", { text: "This image" }), one, h("h3", { text: "All images" }), all);
  const draw = () => {
    if (app.tab !== "save") return;
    const { current } = app;
    const ready = current && current.state !== "new";
    one.replaceChildren(ready ? h("ul", { class: "downloads" }, ...FILES.map(([what, name, about]) => h("li", {},
      h("a", { class: "button", href: api.downloadAddress(current.id, what), download: true, text: name, on: { click: (event) => save(event, name) } }), h("span", { class: "hint", text: about }))))
      : h("p", { class: "hint", text: "Segment the image first." }));
    const ids = [...app.images.values()].filter((image) => image.state !== "new").map((image) => image.id);
    all.replaceChildren(ids.length ? h("ul", { class: "downloads" }, h("li", {}, h("a", { class: "button", href: api.downloadAll(ids), download: true, text: "Everything as zip" }), h("span", { class: "hint", text: `All files of ${plural(ids.length, "image")}` })))
      : h("p", { class: "hint", text: "No image is segmented yet." }));
  };
  app.on("tab images current table", draw);
}
