// A scatter plot of two measurements; drawing around points selects them, and can become a gate.

import { classColours } from "./colours.js";
import { h, short } from "./dom.js";
import { inside } from "./filters.js";
import { spread } from "./histogram.js";
import { rangeOf } from "./object_table.js";

const EDGE = { left: 44, right: 10, top: 10, bottom: 34 };

/** A scatter plot that is a view of two columns of `app.table`. */
export class Scatter {
  constructor(app) {
    this.app = app;
    [this.x, this.y] = ["area", "score"];
    this.canvas = h("canvas", { class: "plot", role: "img" });
    this.element = h("div", { class: "plot-box" }, this.canvas);
    /** @type {?number[][]} the last outline drawn, in the units of the axes */
    this.polygon = null;
    this.#connectLasso();
    new ResizeObserver(() => this.draw()).observe(this.element);
  }

  /** Draw all points; the selected ones last and larger. */
  draw() {
    const { canvas } = this;
    const ratio = devicePixelRatio || 1;
    const width = this.element.clientWidth;
    const height = Math.round(width * 0.72);
    if (!width) return;
    [canvas.width, canvas.height] = [width * ratio, height * ratio];
    canvas.style.height = `${height}px`;
    this.size = [width, height];
    const context = canvas.getContext("2d");
    context.scale(ratio, ratio);
    const style = getComputedStyle(document.documentElement);
    const colour = (name) => style.getPropertyValue(`--${name}`).trim();
    const { table, shownRows, selection } = this.app;
    const [xs, ys] = [table?.columns[this.x], table?.columns[this.y]];
    context.font = "12px system-ui, sans-serif";
    context.fillStyle = colour("soft");
    if (!xs || !ys || !shownRows.length) {
      context.textAlign = "center";
      context.fillText("No objects", width / 2, height / 2);
      canvas.setAttribute("aria-label", "Scatter plot: no objects");
      return;
    }
    this.rangeX = spread(rangeOf(table, this.x));
    this.rangeY = spread(rangeOf(table, this.y));
    this.#axes(context, colour);
    this.#points(context, colour, xs, ys, table, shownRows, selection);
    this.#outline(context, colour);
    canvas.setAttribute("aria-label", `Scatter plot of ${shownRows.length} objects: ${this.x} and ${this.y}`.replaceAll("_", " "));
  }

  #points(context, colour, xs, ys, table, rows, selection) {
    const dot = rows.length > 5000 ? 1.5 : rows.length > 500 ? 2.5 : rows.length > 150 ? 4 : 6;
    const classes = table.columns.class;
    const colours = classes && this.app.look.colourBy === "class" ? classColours(classes) : new Map();
    const plain = colour("s0");
    context.globalAlpha = rows.length > 2000 ? 0.5 : 0.75;
    for (const row of rows) {
      const place = this.#place(xs[row], ys[row]);
      if (!place) continue;
      context.fillStyle = colours.get(classes?.[row]) ?? plain;
      context.fillRect(place[0] - dot / 2, place[1] - dot / 2, dot, dot);
    }
    context.globalAlpha = 1;
    context.fillStyle = colour("s1");
    context.strokeStyle = colour("card");
    for (const label of selection) {
      const row = table.rowOf.get(label);
      const place = row === undefined ? null : this.#place(xs[row], ys[row]);
      if (!place) continue;
      context.beginPath();
      context.arc(place[0], place[1], 4, 0, 7);
      context.fill();
      context.stroke();
    }
  }

  #axes(context, colour) {
    const [width, height] = this.size;
    context.strokeStyle = colour("rule");
    context.strokeRect(EDGE.left, EDGE.top, width - EDGE.left - EDGE.right, height - EDGE.top - EDGE.bottom);
    const bottom = height - EDGE.bottom;
    const text = (words, x, y, align) => { context.textAlign = align; context.fillText(words, x, y); };
    text(short(this.rangeX[0]), EDGE.left, bottom + 14, "left");
    text(short(this.rangeX[1]), width - EDGE.right, bottom + 14, "right");
    text(this.x.replaceAll("_", " "), (EDGE.left + width - EDGE.right) / 2, bottom + 29, "center");
    text(short(this.rangeY[0]), EDGE.left - 5, bottom, "right");
    text(short(this.rangeY[1]), EDGE.left - 5, EDGE.top + 9, "right");
    context.save();
    context.translate(12, (EDGE.top + bottom) / 2);
    context.rotate(-Math.PI / 2);
    text(this.y.replaceAll("_", " "), 0, 0, "center");
    context.restore();
  }

  #outline(context, colour) {
    const gate = this.app.filters.gate;
    const polygon = gate && gate.x === this.x && gate.y === this.y ? gate.polygon : this.polygon;
    if (!polygon) return;
    context.strokeStyle = colour("s1");
    context.setLineDash(gate ? [] : [4, 3]);
    context.beginPath();
    for (const [x, y] of polygon) context.lineTo(...this.#place(x, y));
    context.closePath();
    context.stroke();
    context.setLineDash([]);
  }

  #place(x, y) {
    if (typeof x !== "number" || typeof y !== "number") return null;
    const [width, height] = this.size;
    return [EDGE.left + ((x - this.rangeX[0]) / (this.rangeX[1] - this.rangeX[0])) * (width - EDGE.left - EDGE.right),
      height - EDGE.bottom - ((y - this.rangeY[0]) / (this.rangeY[1] - this.rangeY[0])) * (height - EDGE.top - EDGE.bottom)];
  }

  #value(px, py) {
    const [width, height] = this.size;
    return [this.rangeX[0] + ((px - EDGE.left) / (width - EDGE.left - EDGE.right)) * (this.rangeX[1] - this.rangeX[0]),
      this.rangeY[0] + ((height - EDGE.bottom - py) / (height - EDGE.top - EDGE.bottom)) * (this.rangeY[1] - this.rangeY[0])];
  }

  #connectLasso() {
    let path = null;
    const at = (event) => this.#value(event.offsetX, event.offsetY);
    this.canvas.addEventListener("pointerdown", (event) => {
      if (!this.rangeX) return;
      this.canvas.setPointerCapture(event.pointerId);
      path = [at(event)];
    });
    this.canvas.addEventListener("pointermove", (event) => {
      if (!path) return;
      path.push(at(event));
      this.polygon = path;
      this.draw();
    });
    this.canvas.addEventListener("pointerup", () => {
      if (!path) return;
      this.polygon = path.length > 4 ? path : null;
      path = null;
      this.#select();
    });
  }

  #select() {
    const { table, shownRows } = this.app;
    const found = [];
    if (this.polygon) {
      const [xs, ys] = [table.columns[this.x], table.columns[this.y]];
      for (const row of shownRows) if (inside(xs[row], ys[row], this.polygon)) found.push(table.columns.label[row]);
    }
    this.app.select(found, "only", "plot");
  }
}
