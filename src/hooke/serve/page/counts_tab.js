// The tab of counts: objects per image and per condition.

import * as api from "./api.js";
import { anyFilter, passing } from "./filters.js";
import { $, h, plural, s, short } from "./dom.js";
import { ObjectTable } from "./object_table.js";
import { toastError } from "./toasts.js";

/** Connect the tab. */
export function connectCounts(app, open) {
  const filtered = new Map(); // id -> {count, revision, filters}
  const body = h("tbody");
  const conditions = h("div", { class: "conditions" });
  const list = h("datalist", { id: "condition-names" });
  const count = h("button", { type: "button", class: "small", text: "Count with the filters in all images", on: { click: async () => {
    count.disabled = true;
    try {
      await countAll(app, filtered);
    } catch (error) {
      toastError(error, "Counting");
    }
    draw();
  } } });
  const save = h("button", { type: "button", class: "small", text: "Save the counts as CSV", on: { click: () => saveCsv(app, filtered) } });
  $("tab-counts").append(
    h("p", { class: "hint", text: "Write a condition, such as a treatment, to each image: counts are summed up by it." }), list,
    h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Counts per image" }, h("table", { class: "counts" }, h("thead", {}, h("tr", {}, ...["Image", "Condition", "Objects", "Filtered"].map((text, place) => h("th", { scope: "col", class: place > 1 ? "n" : "", text })))), body)),
    h("div", { class: "row wrap" }, count, save), h("h3", { text: "Per condition" }), conditions);
  const draw = () => {
    list.replaceChildren(...[...new Set([...app.images.values()].map((image) => image.condition).filter(Boolean))].map((name) => h("option", { value: name })));
    if (!body.contains(document.activeElement)) body.replaceChildren(...[...app.images.values()].map((image) => countRow(app, image, filtered, open)));
    conditions.replaceChildren(...conditionRows(app, filtered));
    count.disabled = !anyFilter(app.filters) || !app.images.size;
    save.disabled = !app.images.size;
  };
  const drawIfOpen = () => app.tab === "counts" && draw();
  app.on("images table tab current", drawIfOpen);
  app.on("filter", () => { filtered.clear(); drawIfOpen(); });
}

function countRow(app, image, filtered, open) {
  const field = h("input", { value: image.condition ?? "", list: "condition-names", maxlength: "80", "aria-label": `Condition of ${image.name}`, autocomplete: "off", on: { change: async () => {
    try {
      app.putImage(await api.setCondition(image.id, field.value.trim()));
      app.emit("images");
    } catch (error) {
      toastError(error);
    }
  } } });
  return h("tr", {}, h("th", { scope: "row" }, h("button", { type: "button", class: "link", text: image.name, on: { click: () => open(image.id) } })),
    h("td", {}, field), h("td", { class: "n", text: image.state === "new" ? "–" : (image.count ?? 0).toLocaleString("en") }), h("td", { class: "n", text: filteredCount(app, image, filtered) }));
}

function filteredCount(app, image, filtered) {
  if (!anyFilter(app.filters)) return "";
  if (app.current?.id === image.id && app.table) return app.shownRows.length.toLocaleString("en");
  return filtered.get(image.id)?.toLocaleString("en") ?? "";
}

async function countAll(app, filtered) {
  for (const image of app.images.values()) {
    if (image.state === "new") continue;
    const { columns } = await api.getTable(image.id, 0);
    filtered.set(image.id, passing(new ObjectTable(columns), app.filters).rows.length);
  }
}

/** Images by condition: how many, and mean and range of their counts. */
export function byCondition(images) {
  const groups = new Map();
  for (const image of images) {
    if (image.state === "new") continue;
    const name = image.condition || "no condition";
    if (!groups.has(name)) groups.set(name, []);
    groups.get(name).push(image.shownCount ?? image.count ?? 0);
  }
  return [...groups].sort(([a], [b]) => a.localeCompare(b)).map(([name, counts]) => ({
    name, counts, total: counts.reduce((sum, value) => sum + value, 0), mean: counts.reduce((sum, value) => sum + value, 0) / counts.length,
  }));
}

function conditionRows(app, filtered) {
  const counted = [...app.images.values()].map((image) => ({ ...image, filtered: filteredCount(app, image, filtered) }));
  // Filtered and unfiltered counts are never put together.
  const all = counted.every(({ state, filtered: text }) => state === "new" || text !== "");
  const groups = byCondition(counted.map((image) => (all ? { ...image, shownCount: Number(image.filtered.replaceAll(",", "")) } : image)));
  if (!groups.length) return [h("p", { class: "hint", text: "Nothing is counted yet." })];
  const most = Math.max(...groups.flatMap(({ counts }) => counts), 1);
  const note = all ? "Objects that pass the filters." : anyFilter(app.filters) ? "All objects: press the button above to count those that pass the filters." : null;
  return [note ? h("p", { class: "hint", text: note }) : null, ...groups.map((group) => conditionRow(group, most))].filter(Boolean);
}

function conditionRow({ name, counts, total, mean }, most) {
  const across = (value) => 4 + (192 * value) / most;
  const plot = s("svg", { viewBox: "0 0 200 22", class: "strip", role: "img", "aria-label": `${name}: counts ${counts.join(", ")}` });
  plot.append(s("line", { class: "axis", x1: 4, x2: 196, y1: 18, y2: 18 }));
  for (const count of counts) plot.append(s("circle", { class: "point", cx: across(count), cy: 10, r: 4 }));
  plot.append(s("line", { class: "mean", x1: across(mean), x2: across(mean), y1: 1, y2: 18 }));
  const said = `${plural(counts.length, "image")}, ${plural(total, "object")}, mean ${short(Math.round(mean * 10) / 10)}`;
  return h("div", { class: "condition" }, h("strong", { text: name }), h("span", { text: said }), plot);
}

function saveCsv(app, filtered) {
  const quote = (text) => {
    const plain = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text; // a spreadsheet would run it as a formula
    return `"${plain.replaceAll('"', '""')}"`;
  };
  const lines = [...app.images.values()].map((image) => [quote(image.name), quote(image.condition ?? ""), image.state === "new" ? "" : image.count ?? 0, filteredCount(app, image, filtered).replaceAll(",", "")].join(","));
  const address = URL.createObjectURL(new Blob([["image,condition,objects,filtered", ...lines, ""].join("\n")], { type: "text/csv" }));
  h("a", { href: address, download: "counts.csv" }).click();
  setTimeout(() => URL.revokeObjectURL(address), 10000);
}
