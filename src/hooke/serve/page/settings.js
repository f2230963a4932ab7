// The settings of segmentation, and what was chosen automatically and why.

import { $, h, plural } from "./dom.js";
import { toast } from "./toasts.js";

const REMARKS = 2; // that are shown at once

/** Connect the form. `run` is given the images to segment and the options; `track` follows objects through time. */
export function connectSettings(app, run, track) {
  $("settings").addEventListener("submit", (event) => {
    event.preventDefault();
    if (app.current && valid()) run([app.current], options());
  });
  $("segment-all").addEventListener("click", () => {
    const images = [...app.images.values()].filter((image) => image.state !== "corrected");
    if (!images.length) toast("Every image is corrected already; corrected images are not segmented again.");
    else if (valid()) run(images, options());
  });
  $("track").addEventListener("click", track);
  app.on("models", () => drawModels(app));
  app.on("current", () => drawChannels(app));
  app.on("current images table", () => drawState(app));
  app.on("info", () => drawClassifiers(app));
  drawClassifiers(app);
  drawChannels(app);
}

/** Whether new images are segmented as they arrive. */
export const atOnce = () => $("at-once").checked;

/** The options as the server takes them; null is automatic. */
export function options() {
  const diameter = Number.parseFloat($("diameter").value.replace(",", "."));
  const channel = $("channel").value;
  return {
    model: $("model").value || null,
    channel: channel === "" ? null : Number(channel),
    diameter: Number.isFinite(diameter) ? diameter : null,
    classify: $("classes").value || null,
  };
}

/** Choose a model by name, such as one that was just made. */
export function chooseModel(name) {
  if ([...$("model").options].some((option) => option.value === name)) $("model").value = name;
}

function valid() {
  const field = $("diameter");
  const text = field.value.trim().replace(",", ".");
  const good = text === "" || (Number(text) > 0 && Number.isFinite(Number(text)));
  field.setAttribute("aria-invalid", String(!good));
  if (!good) {
    toast(`A diameter of "${field.value}" is not a number above 0.`, { kind: "error", remedy: "Write pixels, such as 18, or leave it empty for automatic." });
    field.focus();
  }
  return good;
}

function drawModels(app) {
  const select = $("model");
  const before = select.value;
  const names = app.models.filter((model) => model.name !== "auto");
  select.replaceChildren(h("option", { value: "", text: "automatic" }), ...names.map((model) => h("option", {
    value: model.name, title: model.description ?? "", text: ["tuned", "adapted"].includes(model.kind) ? `${model.name} (${model.kind})` : model.name,
  })));
  chooseModel(before);
}

function drawClassifiers(app) {
  const names = app.info.classifiers ?? [];
  $("classes").replaceChildren(h("option", { value: "", text: names.length ? "none" : "none installed" }), ...names.map(({ name, description }) => h("option", { value: name, title: description ?? "", text: name })));
  $("classes").disabled = !names.length;
}

function drawChannels(app) {
  const select = $("channel");
  const before = select.value;
  const channels = app.current && !app.current.is_rgb ? app.current.channels : [];
  select.replaceChildren(h("option", { value: "", text: "automatic" }), ...channels.map((channel, place) => h("option", { value: place, text: channel.name || `channel ${place}` })));
  if ([...select.options].some((option) => option.value === before)) select.value = before;
  select.disabled = channels.length < 2;
}

function drawState(app) {
  const { current } = app;
  $("segment").disabled = !current;
  $("segment-all").disabled = app.images.size < 2;
  $("segment").textContent = current && current.state !== "new" ? "Segment again" : "Segment this image";
  const stack = current?.planes.t > 1;
  const sequence = app.images.size > 1 && [...app.images.values()].every(({ state, planes }) => state !== "new" && planes.t * planes.z === 1);
  $("track").hidden = !app.info.track || !current || current.state === "new" || !(stack || sequence);
  $("track").textContent = stack ? "Follow objects through time" : "Follow objects through the images";
  const chosen = current?.chosen;
  $("chosen").hidden = !chosen?.model;
  if (!chosen?.model) return;
  const parts = [["Model", chosen.model], ["channel", nameOf(current, chosen.channel)], ["diameter", chosen.diameter ? `${Math.round(chosen.diameter * 10) / 10} pixels` : null]];
  const said = parts.filter(([, value]) => value !== null && value !== undefined && value !== "").map(([name, value]) => `${name} ${value}`).join(", ");
  $("chosen").replaceChildren(h("strong", { text: "Used: " }), `${said}. `, ...[].concat(chosen.why ?? []).map((line) => h("span", { class: "why", text: line })),
    ...remarksOf([...new Set(current.warnings ?? [])]));
}

/** The first remarks, and the others on demand: of a stack, each plane may have its own. */
function remarksOf(texts) {
  const [first, others] = [texts.slice(0, REMARKS), texts.slice(REMARKS)];
  const spans = (some) => some.map((text) => h("span", { class: "remark", text }));
  return [...spans(first), others.length ? h("details", { class: "more-remarks" }, h("summary", { text: plural(others.length, "further remark") }), ...spans(others)) : null].filter(Boolean);
}

function nameOf(image, channel) {
  if (channel === null || channel === undefined || image.is_rgb) return null;
  const name = String(typeof channel === "number" ? image.channels[channel]?.name || channel : channel);
  return name.replace(/^channel /, "");
}
