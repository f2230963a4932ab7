// The tab of tracks: which family is shown, and its tree, in which a track can be chosen.

import { $, h, later, plural, s } from "./dom.js";
import { SERIES, numberPlace } from "./colours.js";
import { familyOf, founderOf } from "./tracks.js";

const ROW = 24; // pixels of a track in the tree
const [LEFT, RIGHT, TOP, WIDTH] = [8, 44, 22, 360];
const MOST = 500; // families that the list names

/** Connect the tab. `open` shows a plane of an image; `tracks` chooses. */
export function connectTracks(app, open, tracks) {
  const summary = h("p", { class: "summary" });
  const family = h("select", { id: "family", on: { change: () => tracks.choose(Number(family.value)) } });
  const tails = h("input", { type: "checkbox", id: "tails", on: { change: () => app.setLook({ tails: tails.checked }) } });
  const said = h("output", { for: "tail-length" });
  const soon = later((tail) => app.setLook({ tail }), 80);
  const length = h("input", { type: "range", id: "tail-length", min: 1, max: 60, value: app.look.tail, on: { input: () => { said.textContent = plural(Number(length.value), "frame"); soon(Number(length.value)); } } });
  const only = h("input", { type: "checkbox", id: "only-family", on: { change: () => {
    app.filters.family = only.checked ? app.tracks?.family ?? null : null;
    app.refilter();
    app.emit("filter");
    app.emit("tails");
  } } });
  const tree = h("div", { class: "tree", role: "region", "aria-label": "Lineage", tabindex: "0" });
  const hint = h("p", { class: "hint", text: "Select an object in the image, or a family in the list: its tree appears here. Choose a track in the tree to see where it begins." });
  $("tab-tracks").append(summary, h("label", { class: "check" }, tails, "Tails"), h("div", { class: "slider" }, h("label", { for: "tail-length", text: "Length" }), length, said),
    h("div", { class: "fields" }, h("label", { for: "family", text: "Family" }), family), h("label", { class: "check" }, only, "Show only this family"), hint, tree);
  const goTo = async (track) => {
    tracks.choose(track);
    const { begins, ends } = app.tracks.lineage.get(track);
    const { frame, frames } = app.tracks;
    const wanted = frame >= begins && frame <= ends ? frame : begins;
    if (wanted !== frame) await open(frames[wanted].image, frames[wanted].plane);
    const row = app.table?.columns.track?.indexOf(track) ?? -1;
    if (row >= 0 && app.table.alive[row]) app.select([app.table.columns.label[row]], "only", "map");
  };
  let listed = null;
  const draw = () => {
    const known = app.tracks;
    app.tabButton("tracks").hidden = !known;
    if (!known) {
      listed = null;
      if (app.tab === "tracks") app.tabButton("objects").click();
      return;
    }
    const divided = [...known.lineage.values()].filter(({ daughters }) => daughters.length > 1).length;
    summary.textContent = `${plural(known.lineage.size, "track")} in ${plural(known.frames.length, "frame")}, ${plural(divided, "division")}. Frame ${known.frame + 1} is on show.`;
    tails.checked = app.look.tails;
    said.textContent = plural(app.look.tail, "frame");
    only.checked = Boolean(app.filters.family);
    only.disabled = !known.family;
    if (listed !== known.lineage) family.replaceChildren(h("option", { value: "0", text: "none" }), ...familyOptions(known.lineage));
    listed = known.lineage;
    const founder = known.chosen ? founderOf(known.lineage, known.chosen) : 0;
    if (founder && ![...family.options].some(({ value }) => Number(value) === founder)) family.append(familyOption(known.lineage, founder));
    family.value = String(founder);
    hint.hidden = Boolean(founder);
    tree.hidden = !founder;
    const focused = document.activeElement?.dataset?.track;
    tree.replaceChildren(...(founder ? [treeOf(known, founder, goTo)] : []));
    if (focused) tree.querySelector(`[data-track="${focused}"]`)?.focus();
  };
  app.on("tracks", draw);
  app.on("filter", () => { only.checked = Boolean(app.filters.family); });
  draw();
}

function familyOptions(lineage) {
  const founders = [...lineage.values()].filter(({ parent }) => !lineage.has(parent)).map(({ track, begins, ends }) => ({ track, size: familyOf(lineage, track).size, frames: ends - begins }));
  founders.sort((a, b) => b.size - a.size || b.frames - a.frames || a.track - b.track);
  return founders.slice(0, MOST).map(({ track }) => familyOption(lineage, track));
}

function familyOption(lineage, founder) {
  const members = familyOf(lineage, founder);
  const last = Math.max(...[...members].map((track) => lineage.get(track).ends));
  return h("option", { value: founder, text: `Track ${founder}${members.size > 1 ? ` and ${plural(members.size - 1, "descendant")}` : ""}, frames ${lineage.get(founder).begins + 1} to ${last + 1}` });
}

/** The tree of a family: time to the right, a line for each track, daughters above and below their mother. */
function treeOf({ lineage, frames, frame, chosen }, founder, choose) {
  const rows = rowsOf(lineage, founder);
  const height = TOP + Math.max(...rows.values()) * ROW + ROW;
  const across = (at) => LEFT + ((WIDTH - LEFT - RIGHT) * at) / Math.max(frames.length - 1, 1);
  const down = (track) => TOP + ROW / 2 + rows.get(track) * ROW;
  const svg = s("svg", { viewBox: `0 0 ${WIDTH} ${height}`, class: "lineage", role: "group", "aria-label": `Family of track ${founder}` });
  svg.append(...axisOf(frames.length, across, height), s("line", { class: "now", x1: across(frame), x2: across(frame), y1: TOP - 4, y2: height }));
  for (const track of rows.keys()) {
    const { begins, ends, parent, daughters } = lineage.get(track);
    const colour = SERIES[numberPlace(track)];
    const y = down(track);
    if (rows.has(parent)) svg.append(s("path", { class: "branch", d: `M${across(lineage.get(parent).ends)} ${down(parent)}V${y}H${across(begins)}` }));
    const name = `Track ${track}, frames ${begins + 1} to ${ends + 1}${daughters.length ? `, divides into ${daughters.join(" and ")}` : ""}`;
    const line = s("g", { class: track === chosen ? "life chosen" : "life", role: "button", tabindex: 0, "aria-label": name, "aria-pressed": String(track === chosen), data: { track }, on: {
      click: () => choose(track),
      keydown: (event) => { if (event.key === "Enter" || event.key === " ") { event.preventDefault(); event.stopPropagation(); choose(track); } },
    } });
    const from = across(begins);
    const to = Math.max(across(ends), from + 3);
    const stroke = s("line", { class: "track", x1: from, x2: to, y1: y, y2: y });
    stroke.style.stroke = colour;
    line.append(s("title", { text: name }), s("rect", { class: "target", x: from - 3, y: y - ROW / 2, width: to - from + 40, height: ROW }), stroke, s("text", { x: to + 7, y: y + 4, text: String(track) }));
    svg.append(line);
  }
  return svg;
}

/** Row of each track: a mother stands between her daughters, who follow her in the order of the map. */
export function rowsOf(lineage, founder) {
  const order = [];
  const waiting = [[founder, false]];
  while (waiting.length) {
    const [track, opened] = waiting.pop();
    const daughters = lineage.get(track)?.daughters ?? [];
    if (opened || !daughters.length) { order.push(track); continue; }
    const half = Math.ceil(daughters.length / 2);
    waiting.push(...daughters.slice(half).reverse().map((one) => [one, false]), [track, true], ...daughters.slice(0, half).reverse().map((one) => [one, false]));
  }
  return new Map(order.map((track, row) => [track, row]));
}

function axisOf(count, across, height) {
  const step = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000].find((wide) => (count - 1) / wide <= 6) ?? Math.ceil(count / 6);
  const marks = [];
  for (let at = 0; at < count; at += step) {
    marks.push(s("line", { class: "mark", x1: across(at), x2: across(at), y1: TOP - 4, y2: height }), s("text", { class: "when", x: across(at), y: 12, text: String(at + 1) }));
  }
  return marks;
}
