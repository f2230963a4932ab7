// The tab of the display: outlines, fills, colours, and the contrast of each channel.

import { $, h, short } from "./dom.js";
import { SCALE } from "./colours.js";

/** Connect the tab, the legend and the sliders of planes. */
export function connectLook(app, openPlane) {
  const { look } = app;
  const colourBy = h("select", { id: "colour-by", on: { change: () => app.setLook({ colourBy: colourBy.value }) } });
  const colour = h("input", { type: "color", id: "one-colour", value: look.colour, on: { input: () => app.setLook({ colour: colour.value }) } });
  const channels = h("div", { class: "channels" });
  const checks = [["outlines", "Outlines"], ["fills", "Fills"], ["image", "Image"]].map(([name, text]) => {
    const box = h("input", { type: "checkbox", on: { change: () => app.setLook({ [name]: box.checked }) } });
    return { name, box, label: h("label", { class: "check" }, box, text) };
  });
  $("tab-look").append(
    h("h3", { text: "Objects" }), h("div", { class: "row wrap" }, ...checks.map(({ label }) => label)),
    h("div", { class: "fields" }, h("label", { for: "colour-by", text: "Colour by" }), colourBy, h("label", { for: "one-colour", text: "Colour" }), colour),
    slider("Line width", 1, 3, 1, look.width, (value) => app.setLook({ width: value }), "px"),
    slider("Opacity", 10, 100, 5, 100, (value) => app.setLook({ opacity: value / 100 }), "%"),
    slider("Fill", 5, 100, 5, look.fillOpacity * 100, (value) => app.setLook({ fillOpacity: value / 100 }), "%"),
    h("h3", { text: "Channels" }), channels);
  const drawChecks = () => { for (const { name, box } of checks) box.checked = look[name]; colour.disabled = look.colourBy !== "one"; };
  const fillColours = () => {
    const names = (app.table?.numeric ?? []).filter((name) => !/^(label|track|centroid_|bbox_)/.test(name));
    const fixed = [["one", "one colour"], ["label", "each its own"]];
    if (app.table?.columns.class?.some(Boolean)) fixed.push(["class", "class"]);
    if (app.table?.columns.track) fixed.push(["track", "track"]);
    colourBy.replaceChildren(...[...fixed, ...names.map((name) => [name, name === "area" ? "size (area)" : name.replaceAll("_", " ")])].map(([value, text]) => h("option", { value, text })));
    if (app.table && ![...colourBy.options].some((option) => option.value === look.colourBy)) app.setLook({ colourBy: "one" });
    colourBy.value = look.colourBy;
  };
  app.on("table", fillColours);
  app.on("look", drawChecks);
  app.on("look", () => { colourBy.value = look.colourBy; });
  app.on("newimage", () => drawChannels(app, channels));
  app.on("legend", drawLegend);
  app.on("current", () => drawPlanes(app, openPlane));
  fillColours();
  drawChecks();
}

function slider(name, min, max, step, value, set, unit) {
  const id = `slider-${name.toLowerCase().replaceAll(" ", "-")}`;
  const text = h("output", { for: id, text: `${value} ${unit}` });
  const input = h("input", { type: "range", id, min, max, step, value, on: { input: () => { text.textContent = `${input.value} ${unit}`; set(Number(input.value)); } } });
  return h("div", { class: "slider" }, h("label", { for: id, text: name }), input, text);
}

/** Channels of a new image, with its own contrast. */
export function channelsOf(image) {
  const spare = ["#ffffff", "#00e1ff", "#ff5ad7", "#ffe119", "#6eff3c"];
  return (image.channels ?? []).map((channel, index) => ({
    index, name: channel.name || `channel ${index}`, low: channel.low, high: channel.high, on: true,
    colour: channel.colour ? `#${channel.colour.replace("#", "")}` : spare[image.channels.length === 1 ? 0 : (index % 4) + 1],
    first: { low: channel.low, high: channel.high }, min: Math.min(channel.min ?? 0, channel.low), max: Math.max(channel.max ?? channel.high * 2, channel.high),
  }));
}

function drawChannels(app, box) {
  if (!app.current || app.current.is_rgb) {
    box.replaceChildren(h("p", { class: "hint", text: app.current ? "A colour image is shown as it is." : "" }));
    return;
  }
  const changed = () => app.setLook({ channels: app.look.channels });
  box.replaceChildren(...app.look.channels.map((channel) => {
    const on = h("input", { type: "checkbox", on: { change: () => { channel.on = on.checked; changed(); } } });
    on.checked = channel.on;
    const colour = h("input", { type: "color", value: channel.colour, "aria-label": `Colour of ${channel.name}`, on: { input: () => { channel.colour = colour.value; changed(); } } });
    const step = (channel.max - channel.min) / 500 || 1;
    const limit = (which, text) => {
      const said = h("output", { text: short(channel[which]) });
      const input = h("input", { type: "range", min: channel.min, max: channel.max, step: Number.isInteger(channel.max) && step >= 1 ? Math.round(step) : step, value: channel[which], "aria-label": `${text} of ${channel.name}`, on: { input: () => {
        const value = Number(input.value);
        channel[which] = which === "low" ? Math.min(value, channel.high - step) : Math.max(value, channel.low + step);
        said.textContent = short(Math.round(channel[which] * 100) / 100);
        changed();
      } } });
      return { row: h("div", { class: "slider" }, h("span", { text }), input, said), input, said };
    };
    const [low, high] = [limit("low", "Black"), limit("high", "White")];
    const reset = h("button", { type: "button", class: "small", text: "Automatic", "aria-label": `Automatic contrast of ${channel.name}`, on: { click: () => {
      Object.assign(channel, channel.first);
      low.input.value = channel.low;
      high.input.value = channel.high;
      low.said.textContent = short(channel.low);
      high.said.textContent = short(channel.high);
      changed();
    } } });
    return h("fieldset", { class: "channel" }, h("legend", {}, h("label", { class: "check" }, on, channel.name)), h("div", { class: "row between" }, colour, reset), low.row, high.row);
  }));
}

function drawLegend(legend) {
  const box = $("legend");
  box.hidden = !legend;
  if (!legend) return;
  if (legend.entries) {
    box.replaceChildren(...legend.entries.map(([name, colour]) => {
      const dot = h("span", { class: "dot", "aria-hidden": "true" });
      dot.style.background = colour;
      return h("span", { class: "entry" }, dot, name);
    }));
    return;
  }
  const bar = h("span", { class: "ramp" });
  bar.style.background = `linear-gradient(to right, ${SCALE.join(", ")})`;
  box.replaceChildren(h("span", { text: legend.name.replaceAll("_", " ") }), h("span", { class: "ends" }, short(legend.low), bar, short(legend.high)));
}

function drawPlanes(app, openPlane) {
  const box = $("planes");
  const { z = 1, t = 1 } = app.current?.planes ?? {};
  box.hidden = z * t <= 1;
  if (box.hidden) return;
  const at = { z: app.plane % z, t: Math.floor(app.plane / z) };
  const sliders = [["z", z, "Plane"], ["t", t, "Time"]].filter(([, count]) => count > 1).map(([name, count, text]) => {
    const said = h("output", { text: `${at[name] + 1} of ${count}` });
    const input = h("input", { type: "range", min: 0, max: count - 1, value: at[name], id: `plane-${name}`, on: {
      input: () => { said.textContent = `${Number(input.value) + 1} of ${count}`; },
      change: () => { at[name] = Number(input.value); openPlane(at.t * z + at.z); },
    } });
    return h("div", { class: "slider" }, h("label", { for: `plane-${name}`, text }), input, said);
  });
  const focused = document.activeElement?.id;
  box.replaceChildren(...sliders);
  if (focused?.startsWith("plane-")) $(focused)?.focus();
}
