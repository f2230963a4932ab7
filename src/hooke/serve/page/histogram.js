// A histogram of one measurement; dragging over it selects the objects in that range.

import { h, s, short } from "./dom.js";
import { rangeOf } from "./object_table.js";

const WIDTH = 340;
const HEIGHT = 170;
const EDGE = { left: 40, right: 8, top: 8, bottom: 34 };
const BINS = 32;

/**
 * Count values per bin.
 * @param {ArrayLike<number>} values @param {number} low @param {number} high @param {number} bins
 * @returns {Int32Array}
 */
export function countBins(values, low, high, bins = BINS) {
  const counts = new Int32Array(bins);
  const scale = bins / (high - low || 1);
  for (const value of values) {
    if (typeof value === "number" && value >= low && value <= high) counts[Math.min(bins - 1, Math.floor((value - low) * scale))]++;
  }
  return counts;
}

/** A histogram that is a view of a column of `app.table`. */
export class Histogram {
  constructor(app) {
    this.app = app;
    this.name = "area";
    this.svg = s("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, class: "plot", role: "img" });
    this.element = h("div", { class: "plot-box" }, this.svg);
    this.#connectDrag();
  }

  /** Draw the objects on show, and the selected ones among them. */
  draw() {
    const { table, shownRows, selection } = this.app;
    this.svg.replaceChildren();
    const column = table?.columns[this.name];
    if (!column || !shownRows.length) {
      this.svg.append(label(WIDTH / 2, HEIGHT / 2, "No objects", "middle"));
      this.svg.setAttribute("aria-label", "Histogram: no objects");
      return;
    }
    const [low, high] = spread(rangeOf(table, this.name));
    this.range = [low, high];
    const values = Array.from(shownRows, (row) => column[row]);
    const counts = countBins(values, low, high);
    const chosen = selection.size ? countBins(Array.from(shownRows).filter((row) => selection.has(table.columns.label[row])).map((row) => column[row]), low, high) : null;
    const most = Math.max(1, ...counts);
    this.#axes(low, high, most);
    const step = (WIDTH - EDGE.left - EDGE.right) / BINS;
    for (let bin = 0; bin < BINS; bin++) {
      this.svg.append(this.#bar(bin, step, counts[bin], most, "bar"));
      if (chosen?.[bin]) this.svg.append(this.#bar(bin, step, chosen[bin], most, "bar chosen"));
    }
    this.mark = s("rect", { class: "range", y: EDGE.top, height: HEIGHT - EDGE.top - EDGE.bottom, width: 0 });
    this.svg.append(this.mark);
    this.svg.setAttribute("aria-label", `Histogram of ${this.name.replaceAll("_", " ")} of ${values.length} objects, from ${short(low)} to ${short(high)}`);
  }

  /** Select the objects whose value is in a range. */
  selectRange(low, high) {
    const { table, shownRows } = this.app;
    const column = table.columns[this.name];
    this.app.select(Array.from(shownRows).filter((row) => column[row] >= low && column[row] <= high).map((row) => table.columns.label[row]), "only", "plot");
  }

  #bar(bin, step, count, most, name) {
    const height = (count / most) * (HEIGHT - EDGE.top - EDGE.bottom);
    return s("rect", { class: name, x: EDGE.left + bin * step + 0.5, y: HEIGHT - EDGE.bottom - height, width: Math.max(step - 1, 1), height });
  }

  #axes(low, high, most) {
    const bottom = HEIGHT - EDGE.bottom;
    this.svg.append(s("line", { class: "axis", x1: EDGE.left, x2: WIDTH - EDGE.right, y1: bottom, y2: bottom }),
      label(EDGE.left, bottom + 14, short(low), "start"), label(WIDTH - EDGE.right, bottom + 14, short(high), "end"),
      label((EDGE.left + WIDTH - EDGE.right) / 2, bottom + 28, this.name.replaceAll("_", " "), "middle"),
      label(EDGE.left - 5, EDGE.top + 9, String(most), "end"), label(EDGE.left - 5, bottom, "0", "end"));
  }

  #connectDrag() {
    let from = null;
    const at = (event) => {
      const box = this.svg.getBoundingClientRect();
      const x = ((event.clientX - box.left) / box.width) * WIDTH;
      return Math.min(Math.max(x, EDGE.left), WIDTH - EDGE.right);
    };
    const value = (x) => this.range[0] + ((x - EDGE.left) / (WIDTH - EDGE.left - EDGE.right)) * (this.range[1] - this.range[0]);
    this.svg.addEventListener("pointerdown", (event) => {
      if (!this.mark) return;
      from = at(event);
      this.svg.setPointerCapture(event.pointerId);
    });
    this.svg.addEventListener("pointermove", (event) => {
      if (from === null) return;
      const to = at(event);
      this.mark.setAttribute("x", Math.min(from, to));
      this.mark.setAttribute("width", Math.abs(to - from));
    });
    this.svg.addEventListener("pointerup", (event) => {
      if (from === null) return;
      const to = at(event);
      const [low, high] = [value(Math.min(from, to)), value(Math.max(from, to))];
      from = null;
      if (high > low) this.selectRange(low, high);
    });
  }
}

function label(x, y, text, anchor) {
  const element = s("text", { x, y, "text-anchor": anchor });
  element.textContent = text;
  return element;
}

/** A range of one value is widened, so that it has a middle. */
export const spread = ([low, high]) => (low === high ? [low - 0.5, high + 0.5] : [low, high]);
