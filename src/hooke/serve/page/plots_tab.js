// The tab of plots: which measurements, the histogram, the scatter plot and its gate.

import { $, h, later } from "./dom.js";
import { Histogram } from "./histogram.js";
import { Scatter } from "./scatter.js";
import { toast } from "./toasts.js";

/** Connect the tab. */
export function connectPlots(app) {
  const histogram = new Histogram(app);
  const scatter = new Scatter(app);
  const choices = [];
  const choice = (id, name, get, set) => {
    const select = h("select", { id, on: { change: () => { set(select.value); draw(); } } });
    choices.push({ select, get });
    return h("div", { class: "field" }, h("label", { for: id, text: name }), select);
  };
  const range = rangeForm(histogram);
  const gate = h("button", { type: "button", class: "small", text: "Show only these (gate)", on: { click: () => {
    if (!scatter.polygon) return toast("Draw around points in the scatter plot first.");
    app.filters.gate = { x: scatter.x, y: scatter.y, polygon: scatter.polygon };
    app.refilter();
    return app.emit("filter");
  } } });
  const noGate = h("button", { type: "button", class: "small", text: "Remove the gate", on: { click: () => {
    app.filters.gate = scatter.polygon = null;
    app.refilter();
    app.emit("filter");
  } } });
  $("tab-plots").append(
    h("h3", { text: "Histogram" }), choice("histogram-of", "Measurement", () => histogram.name, (name) => { histogram.name = name; }), histogram.element, range,
    h("h3", { text: "Scatter plot" }),
    h("div", { class: "row" }, choice("scatter-x", "Across", () => scatter.x, (name) => { scatter.x = name; scatter.polygon = null; }), choice("scatter-y", "Up", () => scatter.y, (name) => { scatter.y = name; scatter.polygon = null; })),
    scatter.element, h("p", { class: "hint", text: "Draw around points to select their objects. A gate stays when you open another image." }), h("div", { class: "row wrap" }, gate, noGate));
  const draw = () => {
    noGate.disabled = !app.filters.gate;
    if (app.tab !== "plots") return;
    histogram.draw();
    scatter.draw();
  };
  const drawSoon = later(draw, 50);
  let filled = null;
  const fill = () => {
    const names = app.table?.numeric.filter((name) => name !== "label") ?? [];
    if (names.join() === filled) return;
    filled = names.join();
    if (names.length && !names.includes(scatter.y)) scatter.y = names.find((name) => name !== scatter.x) ?? names[0];
    for (const { select, get } of choices) {
      select.replaceChildren(...names.map((name) => h("option", { value: name, text: name.replaceAll("_", " ") })));
      select.value = get();
    }
  };
  app.on("table", () => { fill(); drawSoon(); });
  app.on("filter selection look", drawSoon);
  app.on("tab", draw);
  new MutationObserver(draw).observe(document.documentElement, { attributeFilter: ["data-theme"] });
  draw();
}

/** Select by a range without the pointer. */
function rangeForm(histogram) {
  const field = (name) => h("input", { inputmode: "decimal", autocomplete: "off", "aria-label": `Select from the histogram: ${name}`, placeholder: name });
  const [from, to] = [field("from"), field("to")];
  return h("form", { class: "row wrap", on: { submit: (event) => {
    event.preventDefault();
    const [low, high] = [from, to].map((input) => Number.parseFloat(input.value.replace(",", ".")));
    if (histogram.app.table) histogram.selectRange(Number.isFinite(low) ? low : -Infinity, Number.isFinite(high) ? high : Infinity);
  } } }, from, to, h("button", { type: "submit", class: "small", text: "Select this range" }));
}
