// Shows the table of objects; only the rows in view are in the page, so that 100 000 objects scroll as 100 do.

import { h, short } from "./dom.js";

const ROW = 28; // pixels
const FIRST = ["label", "class", "score", "area", "track"];
const HIDDEN = /^(bbox_|image$|doubtful$)/;

/** A sortable table that is a view of `app.table`. */
export class TableView {
  /** @param {import("./app_state.js").AppState} app
   *  @param {(label: number) => void} shown  called when a row was chosen, to bring the object into view */
  constructor(app, shown) {
    this.app = app;
    this.onShown = shown;
    this.sort = { name: "label", down: false };
    this.order = new Int32Array(0);
    this.active = -1; // place in the order
    this.wanted = null; // label of a row to show once it is there
    this.head = h("div", { class: "thead", role: "row", "aria-rowindex": "1" });
    this.space = h("div", { class: "tspace", role: "presentation" });
    this.rows = h("div", { class: "trows", role: "rowgroup" });
    this.body = h("div", { class: "tbody", role: "presentation" }, this.space, this.rows);
    this.element = h("div", { class: "grid", role: "grid", tabindex: "0", "aria-label": "Objects", "aria-multiselectable": "true" },
      h("div", { role: "rowgroup", class: "thead-box" }, this.head), this.body);
    this.element.addEventListener("scroll", () => this.draw());
    this.element.addEventListener("keydown", (event) => this.#key(event));
    this.element.hidden = true;
    this.height = { all: 0, head: 0 }; // kept, because asking for it makes the browser lay out the page
    const sizes = new ResizeObserver(() => {
      this.height = { all: this.element.clientHeight, head: this.head.offsetHeight };
      this.draw();
    });
    sizes.observe(this.element);
    sizes.observe(this.head);
  }

  /** Names of the columns on show. */
  get names() {
    const { table } = this.app;
    if (!table) return [];
    const rest = table.names.filter((name) => !FIRST.includes(name) && !HIDDEN.test(name));
    return [...FIRST.filter((name) => name in table.columns && (name !== "class" || table.columns.class.some(Boolean))), ...rest];
  }

  /** Sort and draw again, after the table or the filters changed. */
  update() {
    const label = this.active >= 0 ? this.app.table?.columns.label[this.order[this.active]] : null;
    this.element.hidden = !this.app.table;
    this.#reorder();
    this.active = label === null || !this.app.table ? -1 : this.order.indexOf(this.app.table.rowOf.get(label) ?? -1);
    this.#drawHead();
    this.draw();
    const { wanted } = this;
    this.wanted = null;
    if (wanted !== null && this.app.selection.has(wanted) && this.app.table) this.reveal(wanted);
  }

  /** Bring an object's row into view. */
  reveal(label) {
    const place = this.order.indexOf(this.app.table?.rowOf.get(label) ?? -1);
    this.wanted = place < 0 ? label : null; // a new object has no row until the table is sorted
    if (place < 0) return;
    this.active = place;
    this.#scrollTo(place);
    this.draw();
  }

  /** Draw the rows in view. */
  draw() {
    const { order } = this;
    const names = this.names;
    this.element.setAttribute("aria-rowcount", String(order.length + 1));
    this.element.setAttribute("aria-colcount", String(Math.max(names.length, 1)));
    this.space.style.height = `${order.length * ROW}px`;
    const top = this.element.scrollTop;
    const first = Math.max(0, Math.floor(top / ROW) - 4);
    const last = Math.min(order.length, Math.ceil((top + this.height.all) / ROW) + 4);
    this.rows.style.transform = `translateY(${first * ROW}px)`;
    if (this.drawn !== names.join()) this.rows.replaceChildren();
    this.drawn = names.join();
    for (let place = first; place < last; place++) {
      const known = this.rows.children[place - first];
      const element = known ?? this.rows.appendChild(this.#newRow(names));
      this.#fill(element, place, order[place], names);
    }
    while (this.rows.children.length > last - first) this.rows.lastChild.remove();
    const active = this.active >= first && this.active < last ? `row-${this.active}` : null;
    if (active) this.element.setAttribute("aria-activedescendant", active);
    else this.element.removeAttribute("aria-activedescendant");
  }

  #newRow(names) {
    const row = h("div", { class: "trow", role: "row", on: { click: (event) => this.#choose(Number(row.id.slice(4)), event) } },
      ...names.map((name) => h("div", { role: "gridcell", class: name === "class" ? "cell text" : "cell" })));
    return row;
  }

  /** Write a row of the table into an element, which may have shown another one. */
  #fill(element, place, row, names) {
    const { columns } = this.app.table;
    element.id = `row-${place}`;
    element.className = place === this.active ? "trow active" : "trow";
    element.setAttribute("aria-rowindex", place + 2);
    element.setAttribute("aria-selected", this.app.selection.has(columns.label[row]));
    names.forEach((name, at) => {
      const text = short(columns[name][row]);
      const cell = element.children[at];
      if (cell.textContent !== text) cell.textContent = text;
    });
  }

  #drawHead() {
    const cells = this.names.map((name) => {
      const sorted = this.sort.name === name;
      const button = h("button", { type: "button", tabindex: "-1", title: `Sort by ${name.replaceAll("_", " ")}`, on: { click: () => this.#sortBy(name) } },
        h("span", { text: name.replaceAll("_", " ") }), h("span", { class: "arrow", "aria-hidden": "true", text: sorted ? (this.sort.down ? "▼" : "▲") : "" }));
      return h("div", { role: "columnheader", class: name === "class" ? "cell text" : "cell", "aria-sort": sorted ? (this.sort.down ? "descending" : "ascending") : "none" }, button);
    });
    this.head.replaceChildren(...cells);
    this.element.style.setProperty("--columns", String(Math.max(cells.length, 1)));
  }

  #sortBy(name) {
    this.sort = { name, down: this.sort.name === name ? !this.sort.down : false };
    this.update();
  }

  /** Sort by a column from elsewhere, such as a list of columns. */
  sortBy(name, down) {
    this.sort = { name, down };
    this.update();
  }

  #reorder() {
    const { table, shownRows } = this.app;
    if (!table) {
      this.order = new Int32Array(0);
      return;
    }
    const column = table.columns[this.sort.name] ?? table.columns.label;
    const sign = this.sort.down ? -1 : 1;
    const order = Int32Array.from(shownRows);
    const text = column.some((value) => typeof value === "string");
    const missing = (value) => value === null || value === undefined || Number.isNaN(value);
    order.sort((a, b) => {
      const [u, v] = [column[a], column[b]];
      if (missing(u) || missing(v)) return missing(u) - missing(v) || a - b;
      return (text ? String(u).localeCompare(String(v)) : u - v) * sign || a - b;
    });
    this.order = order;
  }

  #choose(place, event) {
    const label = this.app.table.columns.label[this.order[place]];
    if (event.shiftKey && this.active >= 0) this.app.select(this.#between(this.active, place), "only", "table");
    else this.app.select([label], event.ctrlKey || event.metaKey ? "toggle" : "only", "table");
    this.active = place;
    this.draw();
    this.onShown(label);
  }

  #between(a, b) {
    const { label } = this.app.table.columns;
    return Array.from(this.order.subarray(Math.min(a, b), Math.max(a, b) + 1), (row) => label[row]);
  }

  #key(event) {
    const page = Math.max(1, Math.floor(this.height.all / ROW) - 2);
    const last = this.order.length - 1;
    const to = { ArrowDown: this.active + 1, ArrowUp: this.active - 1, PageDown: this.active + page, PageUp: this.active - page, Home: 0, End: last }[event.key];
    if (to === undefined || last < 0 || event.target !== this.element) return;
    event.preventDefault();
    const place = Math.min(Math.max(to, 0), last);
    const label = this.app.table.columns.label[this.order[place]];
    this.active = place;
    this.app.select([label], event.shiftKey ? "add" : "only", "table");
    this.#scrollTo(place);
    this.draw();
    this.onShown(label);
  }

  #scrollTo(place) {
    const top = place * ROW;
    const height = this.height.all - this.height.head;
    if (top < this.element.scrollTop) this.element.scrollTop = top;
    else if (top + ROW > this.element.scrollTop + height) this.element.scrollTop = top + ROW - height;
  }
}
