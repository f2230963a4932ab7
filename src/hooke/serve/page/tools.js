// The tools: select, lasso, draw, brush, erase and split with the pointer; the rest by button or key.

import { $, h } from "./dom.js";
import { middleLine, toPixel } from "./geometry.js";
import { icon } from "./icons.js";
import { inside } from "./filters.js";
import { Draw, Fill, Stroke, Style } from "./openlayers.js";
import { toast } from "./toasts.js";

/** Pointer tools: key, name, and what to do, as the line below the image says it. */
const POINTER = [
  ["select", "V", "Select", "Click an object to select it, with Shift to add it. Drag to move the image."],
  ["lasso", "L", "Lasso", "Draw around objects to select them."],
  ["draw", "D", "Draw", "Draw around a new object; with one object selected and Shift held, add to it."],
  ["brush", "B", "Brush", "Paint. With one object selected, it grows; else a new object is made."],
  ["erase", "E", "Erase", "Erase. With objects selected, only they lose pixels."],
  ["split", "S", "Split", "Draw a line across an object."],
];

/** Connect the tools. @returns {Object<string, () => void>} commands by name, for buttons and keys */
export function connectTools(app, viewer, editing) {
  const commands = makeCommands(app, viewer, editing);
  drawToolbar(app, commands);
  let drawing = null;
  const choose = () => {
    if (drawing) viewer.map.removeInteraction(drawing);
    drawing = app.tool === "select" ? null : makeDraw(app, viewer, editing, () => shift);
    if (drawing) viewer.map.addInteraction(drawing);
    $("map").dataset.tool = app.tool;
  };
  let shift = false;
  $("map").addEventListener("pointerdown", (event) => { shift = event.shiftKey; }, true);
  app.on("tool", choose);
  app.on("current", () => app.tool !== "select" && choose());
  // While the space bar is held, dragging moves the image whatever the tool is.
  addEventListener("keydown", (event) => event.code === "Space" && drawing && event.target === $("map") && (event.preventDefault(), drawing.setActive(false)));
  addEventListener("keyup", (event) => event.code === "Space" && drawing?.setActive(true));
  connectClicks(app, viewer);
  brushRing(app, viewer);
  return commands;
}

function makeCommands(app, viewer, editing) {
  const chosen = () => [...app.selection];
  const need = (count, text, run) => () => (app.selection.size >= count ? run() : toast(text));
  const one = "Select an object first: click it in the image or in the table.";
  return {
    ...Object.fromEntries(POINTER.map(([tool]) => [tool, () => app.setTool(tool)])),
    delete: need(1, one, () => editing.run("delete", { ids: chosen() }, { select: "none" })),
    merge: need(2, "Select two or more objects to merge: click with Shift held.", () => editing.run("merge", { ids: chosen() })),
    halve: need(1, one, () => halve(app, editing)),
    fill: need(1, one, () => editing.run("fill", { ids: chosen() })),
    grow: need(1, one, () => editing.run("grow", { ids: chosen(), radius: 1 })),
    shrink: need(1, one, () => editing.run("grow", { ids: chosen(), radius: -1 })),
    undo: () => editing.undo(),
    redo: () => editing.redo(),
    fit: () => viewer.fit(),
    plus: () => viewer.zoom(1),
    minus: () => viewer.zoom(-1),
    outlines: () => app.setLook({ outlines: !app.look.outlines }),
    fills: () => app.setLook({ fills: !app.look.fills }),
    brushLarger: () => { app.brush = Math.min(app.brush + (app.brush < 10 ? 1 : 3), 100); app.emit("tool", app.tool); },
    brushSmaller: () => { app.brush = Math.max(app.brush - (app.brush <= 10 ? 1 : 3), 1); app.emit("tool", app.tool); },
    none: () => { app.select([]); if (app.tool !== "select") app.setTool("select"); },
    all: () => app.table && app.select(Array.from(app.shownRows, (row) => app.table.columns.label[row])),
    reclass: (name) => need(1, one, () => editing.run("reclass", { ids: chosen(), class: name }))(),
  };
}

function halve(app, editing) {
  const [label] = app.selection;
  const value = (name) => app.table.value(label, name);
  const [y, x, orientation, length] = ["centroid_y", "centroid_x", "orientation", "major_axis"].map(value);
  if (![y, x, orientation, length].every((number) => typeof number === "number")) return toast("This object has no axis measured.");
  return editing.run("split", { ids: [label], points: middleLine({ y, x, orientation, length }) });
}

/** The interaction that draws what the tool needs. */
function makeDraw(app, viewer, editing, shift) {
  const line = app.tool === "brush" || app.tool === "erase" || app.tool === "split";
  const draw = new Draw({
    source: viewer.sketch, type: line ? "LineString" : "Polygon", freehand: true, stopClick: true,
    style: () => sketchStyle(app, viewer),
  });
  draw.on("drawend", (event) => {
    const geometry = event.feature.getGeometry();
    const corners = line ? geometry.getCoordinates() : geometry.getCoordinates()[0];
    // What was drawn stays until its objects are painted.
    Promise.resolve(finish(app, viewer, editing, corners.map(toPixel), shift())).finally(() => viewer.sketch.removeFeature(event.feature));
  });
  return draw;
}

function sketchStyle(app, viewer) {
  const width = app.tool === "brush" || app.tool === "erase" ? (2 * app.brush) / viewer.resolution : 2;
  const colour = app.tool === "erase" ? "rgba(255, 120, 90, .55)" : app.tool === "brush" ? "rgba(255, 225, 25, .55)" : "#ffe119";
  return [
    ...(width === 2 ? [new Style({ stroke: new Stroke({ color: "#000", width: 4 }) })] : []),
    new Style({ stroke: new Stroke({ color: colour, width, lineCap: "round", lineJoin: "round" }), fill: new Fill({ color: "rgba(255, 225, 25, .15)" }) }),
  ];
}

function finish(app, viewer, editing, points, shift) {
  const rounded = thin(points, viewer.resolution);
  const chosen = [...app.selection];
  const commands = {
    lasso: () => selectInside(app, points, shift),
    draw: () => rounded.length > 2 && editing.run("draw", { points: rounded, ids: shift && chosen.length === 1 ? chosen : [] }, { select: "new" }),
    brush: () => editing.run("draw", { points: rounded, radius: app.brush, ids: chosen.length === 1 ? chosen : [] }, { select: chosen.length === 1 ? "same" : "new" }),
    erase: () => editing.run("erase", { points: rounded, radius: app.brush, ids: chosen }),
    split: () => split(app, viewer, editing, rounded),
  };
  return commands[app.tool]?.();
}

/** Leave out points that are nearer than a quarter of a pixel or half a pixel of the screen. */
function thin(points, resolution) {
  const least = Math.max(0.25, resolution / 2);
  const kept = [];
  for (const point of points) {
    const last = kept.at(-1);
    if (!last || Math.hypot(point[0] - last[0], point[1] - last[1]) >= least) kept.push(point);
  }
  return kept.map((point) => point.map((value) => Math.round(value * 100) / 100));
}

/** Cut the selected object when there is one, else the one that the line runs through longest. */
function split(app, viewer, editing, points) {
  const votes = new Map();
  for (let i = 0; i + 1 < points.length; i++) {
    const [[y0, x0], [y1, x1]] = [points[i], points[i + 1]];
    const steps = Math.max(1, Math.ceil(Math.hypot(y1 - y0, x1 - x0)));
    for (let step = 0; step < steps; step++) {
      const id = viewer.idAt(y0 + ((y1 - y0) * step) / steps, x0 + ((x1 - x0) * step) / steps);
      if (id) votes.set(id, (votes.get(id) ?? 0) + 1);
    }
  }
  const [only] = app.selection;
  const best = app.selection.size === 1 && votes.has(only) ? only : [...votes].sort((a, b) => b[1] - a[1])[0]?.[0];
  if (best === undefined) return toast("The line crosses no object.");
  return editing.run("split", { ids: [best], points });
}

function selectInside(app, points, add) {
  if (!app.table) return;
  const { label, centroid_y: ys, centroid_x: xs } = app.table.columns;
  const polygon = points.map(([y, x]) => [x, y]);
  const found = [];
  for (const row of app.shownRows) if (inside(xs[row], ys[row], polygon)) found.push(label[row]);
  app.select(found, add ? "add" : "only", "map");
}

function connectClicks(app, viewer) {
  viewer.map.on("click", (event) => {
    if (app.tool !== "select" || !app.current) return;
    const [y, x] = toPixel(event.coordinate);
    const id = viewer.idAt(y, x);
    const { shiftKey, ctrlKey, metaKey } = event.originalEvent;
    const shown = id && app.shown[app.table?.rowOf.get(id)] ? id : 0;
    if (shiftKey || ctrlKey || metaKey) { if (shown) app.select([shown], "toggle", "map"); }
    else app.select(shown ? [shown] : [], "only", "map");
  });
}

/** A ring at the pointer as large as the brush. */
function brushRing(app, viewer) {
  const ring = h("div", { class: "brush-ring", hidden: true });
  $("map").after(ring);
  const place = (event) => {
    const on = (app.tool === "brush" || app.tool === "erase") && app.current;
    ring.hidden = !on;
    if (!on) return;
    const box = $("map").getBoundingClientRect();
    const size = (2 * app.brush + 1) / viewer.resolution;
    Object.assign(ring.style, { width: `${size}px`, height: `${size}px`, left: `${event.clientX - box.left - size / 2}px`, top: `${event.clientY - box.top - size / 2}px` });
  };
  let last = null;
  $("map").addEventListener("pointermove", (event) => place((last = event)));
  $("map").addEventListener("pointerleave", () => { ring.hidden = true; });
  app.on("tool moved", () => last && !ring.hidden && place(last));
}

function drawToolbar(app, commands) {
  const bar = $("toolbar");
  const button = (name, title, key, pressed) => h("button", {
    type: "button", class: "tool", id: `tool-${name}`, title: key ? `${title} (${key})` : title, "aria-label": title, "aria-pressed": pressed ? "false" : null,
    "aria-keyshortcuts": key?.replace("Ctrl", "Control"), on: { click: () => commands[name]() },
  }, icon(name));
  const group = (name, ...buttons) => h("div", { class: "group", role: "group", "aria-label": name }, ...buttons);
  bar.append(
    group("Pointer", ...POINTER.map(([tool, key, name]) => button(tool, name, key, true))),
    group("Selected objects", button("merge", "Merge the selected objects", "M"), button("fill", "Fill holes", "F"), button("delete", "Delete the selected objects", "Delete")),
    group("History", button("undo", "Undo", "Ctrl+Z"), button("redo", "Redo", "Ctrl+Shift+Z")),
    group("View", button("plus", "Zoom in", "+"), button("minus", "Zoom out", "-"), button("fit", "Whole image", "0")),
  );
  const size = h("input", { type: "range", id: "brush", min: 1, max: 60, value: app.brush, on: { input: () => { app.brush = Number(size.value); app.emit("tool", app.tool); } } });
  const sizeText = h("output", { for: "brush" });
  const sizeBox = h("label", { class: "brush-size", for: "brush", hidden: true }, h("span", { text: "Radius" }), size, sizeText);
  const hint = h("p", { class: "tool-hint", id: "tool-hint" });
  bar.after(h("div", { class: "tool-line" }, hint, sizeBox));
  const state = () => {
    const open = Boolean(app.current && app.current.state !== "new");
    for (const [tool, , , text] of POINTER) {
      const element = $(`tool-${tool}`);
      element.setAttribute("aria-pressed", String(app.tool === tool));
      element.disabled = !open && tool !== "select";
      if (app.tool === tool) hint.textContent = app.current ? text : "";
    }
    sizeBox.hidden = app.tool !== "brush" && app.tool !== "erase";
    size.value = app.brush;
    sizeText.textContent = `${app.brush} px`;
    $("tool-delete").disabled = $("tool-fill").disabled = !open || app.selection.size < 1;
    $("tool-merge").disabled = !open || app.selection.size < 2;
    $("tool-undo").disabled = !app.history.undo;
    $("tool-redo").disabled = !app.history.redo;
    for (const name of ["plus", "minus", "fit"]) $(`tool-${name}`).disabled = !app.current;
  };
  app.on("tool selection history current table", state);
  bar.addEventListener("keydown", (event) => moveInBar(bar, event));
  state();
}

/** Arrow keys move between the buttons of a toolbar. */
function moveInBar(bar, event) {
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (!step) return;
  const buttons = [...bar.querySelectorAll("button:not(:disabled)")];
  const next = buttons[(buttons.indexOf(document.activeElement) + step + buttons.length) % buttons.length];
  next?.focus();
  event.preventDefault();
}
