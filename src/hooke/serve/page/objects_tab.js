// The tab of objects: filters, what to do with the selection, the table.

import { anyFilter, passing } from "./filters.js";
import { $, h, later, plural, whenIdle } from "./dom.js";
import { classColours } from "./colours.js";
import { TableView } from "./table_view.js";

/** Connect the tab. */
export function connectObjects(app, viewer, commands) {
  const view = new TableView(app, (label) => showObject(app, viewer, label));
  const summary = h("p", { class: "summary", "aria-live": "polite" });
  const filters = filterForm(app);
  const actions = selectionActions(app, commands);
  $("tab-objects").append(filters.element, summary, actions, view.element);
  const slow = later(() => whenIdle(() => view.update()), 60); // an edit is shown first, the table sorts after it
  const refilter = () => {
    const { rows, shown } = app.table ? passing(app.table, app.filters) : { rows: new Int32Array(0), shown: new Uint8Array(0) };
    app.shownRows = rows;
    app.shown = shown;
  };
  const say = () => { summary.textContent = summaryOf(app); };
  app.refilter = refilter;
  app.on("filter", () => { view.update(); say(); });
  app.on("table", (detail) => {
    filters.drawClasses();
    if (!detail?.edited) view.update();
    say();
  });
  app.on("painted", slow);
  app.on("selection", ({ origin }) => {
    say();
    const last = [...app.selection].at(-1);
    if (origin === "edit") view.wanted = last ?? null; // once the table is sorted
    else if (origin !== "table" && app.selection.size) view.reveal(last);
    else view.draw();
  });
  app.classNames = () => classNames(app);
}

/** Bring an object into view. */
function showObject(app, viewer, label) {
  const { table } = app;
  const [y, x] = [table.value(label, "centroid_y"), table.value(label, "centroid_x")];
  if (typeof y === "number") viewer.show(y, x, table.value(label, "equivalent_diameter") ?? 20);
}

function summaryOf(app) {
  if (!app.table) return app.current ? "Not segmented yet." : "";
  const all = plural(app.table.count, "object");
  const shown = anyFilter(app.filters) ? `${app.shownRows.length.toLocaleString("en")} of ${all} shown` : all;
  return app.selection.size ? `${shown}, ${app.selection.size.toLocaleString("en")} selected` : shown;
}

let known = { table: null, version: 0, names: [] };

/** Names of the classes; gathered once for each state of the table. */
function classNames(app) {
  const { table } = app;
  if (!table || known.table !== table || known.version !== table.version) {
    const names = [...new Set(table?.columns.class ?? [])].filter(Boolean).sort();
    known = { table, version: table?.version, names };
  }
  return known.names;
}

function filterForm(app) {
  const changed = later(() => {
    app.refilter();
    app.emit("filter");
  }, 120);
  const number = (id, name, kind, place) => {
    const field = h("input", { id, inputmode: "decimal", autocomplete: "off", "aria-label": name, placeholder: place ? "to" : "from", on: { input: () => {
      const value = Number.parseFloat(field.value.replace(",", "."));
      app.filters[kind][place] = Number.isFinite(value) ? value : null;
      changed();
    } } });
    return field;
  };
  const classes = h("div", { class: "row wrap classes" });
  const fields = [number("size-from", "Least size", "size", 0), number("size-to", "Greatest size", "size", 1), number("score-from", "Least score", "score", 0), number("score-to", "Greatest score", "score", 1)];
  const gate = h("span", { class: "gate" });
  const reset = h("button", { type: "button", class: "small", text: "Show all", on: { click: () => {
    for (const field of fields) field.value = "";
    Object.assign(app.filters, { size: [null, null], score: [null, null], hiddenClasses: new Set(), gate: null, family: null });
    drawClasses();
    app.refilter();
    app.emit("filter");
  } } });
  const drawClasses = () => {
    const names = classNames(app);
    const colours = classColours(names);
    classes.replaceChildren(...names.map((name) => {
      const box = h("input", { type: "checkbox", on: { change: () => {
        if (box.checked) app.filters.hiddenClasses.delete(name);
        else app.filters.hiddenClasses.add(name);
        changed();
      } } });
      box.checked = !app.filters.hiddenClasses.has(name);
      const dot = h("span", { class: "dot", "aria-hidden": "true" });
      dot.style.background = colours.get(name);
      return h("label", { class: "check" }, box, dot, name);
    }));
    classes.hidden = !names.length;
  };
  app.on("filter", () => { gate.textContent = [app.filters.gate ? `Gate: ${app.filters.gate.x} and ${app.filters.gate.y}`.replaceAll("_", " ") : "", app.filters.family ? "One family of tracks" : ""].filter(Boolean).join("; "); reset.disabled = !anyFilter(app.filters); });
  const element = h("details", { class: "filters" }, h("summary", { text: "Filters" }),
    h("div", { class: "filter-grid" }, h("span", { text: "Size, pixels" }), fields[0], fields[1], h("span", { text: "Score, 0 to 1" }), fields[2], fields[3]),
    classes, h("div", { class: "row between" }, gate, reset));
  reset.disabled = true;
  return { element, drawClasses };
}

function selectionActions(app, commands) {
  const select = h("select", { id: "reclass", "aria-label": "Class of the selected objects" });
  const own = h("input", { id: "new-class", "aria-label": "Name of a new class", placeholder: "new class", autocomplete: "off", maxlength: "60" });
  const button = h("button", { type: "button", class: "small", text: "Set class", on: { click: () => {
    const name = own.value.trim() || select.value;
    commands.reclass(name === "" ? null : name);
    own.value = "";
  } } });
  const box = h("div", { class: "row wrap actions" },
    h("button", { type: "button", class: "small", text: "Halve", title: "Split across the middle (X)", on: { click: () => commands.halve() } }),
    h("button", { type: "button", class: "small", text: "Grow", title: "Grow by a pixel (G)", on: { click: () => commands.grow() } }),
    h("button", { type: "button", class: "small", text: "Shrink", title: "Shrink by a pixel (H)", on: { click: () => commands.shrink() } }),
    h("button", { type: "button", class: "small", text: "Delete", title: "Delete (Del)", on: { click: () => commands.delete() } }),
    h("span", { class: "row" }, select, own, button));
  const draw = () => {
    box.hidden = !app.selection.size;
    if (box.hidden) return;
    const names = classNames(app);
    const before = select.value;
    select.replaceChildren(h("option", { value: "", text: "no class" }), ...names.map((name) => h("option", { value: name, text: name })));
    if (names.includes(before)) select.value = before;
  };
  app.on("selection table", draw);
  box.hidden = true;
  return box;
}
