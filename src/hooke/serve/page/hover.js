// Shows the measurements of the object under the pointer, where the pointer is, and the scale.

import { $, h, short } from "./dom.js";

const FIRST = ["class", "score", "area", "equivalent_diameter", "intensity_mean", "eccentricity", "track"];

/** Connect the card at the pointer, the line below the image and the scale bar. */
export function connectHover(app, viewer) {
  const tip = $("tip");
  const map = $("map");
  let last = 0;
  map.addEventListener("pointermove", (event) => {
    if (!app.current) return;
    const [y, x] = viewer.pixelAt(event);
    const id = event.buttons ? 0 : viewer.idAt(y, x);
    $("readout").textContent = place(app.current, y, x);
    map.classList.toggle("over-object", id > 0 && app.tool === "select");
    if (!id || event.pointerType === "touch") {
      tip.hidden = true;
      last = 0;
      return;
    }
    if (id !== last) fillCard(tip, app, id);
    last = id;
    tip.hidden = false;
    const box = map.getBoundingClientRect();
    const [left, top] = [event.clientX - box.left, event.clientY - box.top];
    tip.style.left = `${Math.min(left + 16, box.width - tip.offsetWidth - 4)}px`;
    tip.style.top = `${top + 18 + tip.offsetHeight > box.height ? top - tip.offsetHeight - 10 : top + 18}px`;
  });
  map.addEventListener("pointerleave", () => {
    tip.hidden = true;
    last = 0;
  });
  app.on("table current", () => {
    tip.hidden = true;
    last = 0;
  });
  app.on("moved current", () => drawScale(app, viewer));
}

function place(image, y, x) {
  if (y < -0.5 || x < -0.5 || y >= image.height - 0.5 || x >= image.width - 0.5) return "";
  return `y ${Math.round(y)}, x ${Math.round(x)}`;
}

function fillCard(tip, app, id) {
  const { table, look } = app;
  const names = FIRST.includes(look.colourBy) || !table?.columns[look.colourBy] ? FIRST : [...FIRST, look.colourBy];
  const rows = names.flatMap((name) => {
    const value = table?.value(id, name);
    return value === undefined || value === null || value === "" ? [] : [h("dt", { text: name.replaceAll("_", " ") }), h("dd", { text: short(value) })];
  });
  const size = app.current.pixel_size_um;
  const area = table?.value(id, "area");
  const step = Array.isArray(size) ? size : [size, size];
  if (step[0] && typeof area === "number") rows.push(h("dt", { text: "area, µm²" }), h("dd", { text: short(area * step[0] * step[1]) }));
  tip.replaceChildren(h("strong", { text: `Object ${id}` }), h("dl", {}, ...rows));
}

function drawScale(app, viewer) {
  const box = $("scale");
  box.hidden = !app.current;
  if (!app.current) return;
  const size = app.current.pixel_size_um;
  const unit = Array.isArray(size) ? size[1] : size;
  const perPixel = viewer.resolution * (unit || 1);
  const wanted = 110 * perPixel;
  const power = 10 ** Math.floor(Math.log10(wanted));
  const length = [5, 2, 1].map((step) => step * power).find((step) => step <= wanted) ?? power;
  $("scale-bar").style.width = `${length / perPixel}px`;
  $("scale-text").textContent = `${Number(length.toPrecision(3))} ${unit ? "µm" : "pixels"}`;
}
