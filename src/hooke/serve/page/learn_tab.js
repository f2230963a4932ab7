// The tab of learning: which images to correct, which are corrected, tune and adapt.

import * as api from "./api.js";
import { $, h, plural, short } from "./dom.js";
import { chooseModel, options } from "./settings.js";
import { toast, toastError } from "./toasts.js";

/** Connect the tab. `remodel` loads the list of models again. */
export function connectLearn(app, viewer, jobs, open, remodel) {
  const state = { suggested: [], result: null };
  const visit = async ({ id, region }) => {
    await open(id);
    viewer.frame(isPart(app.images.get(id), region) ? region : null);
  };
  const suggestions = h("ol", { class: "suggestions" });
  const many = h("input", { type: "number", id: "suggest-count", min: 1, max: 50, value: 3 });
  const suggest = h("button", { type: "button", text: "Suggest images", on: { click: async () => {
    const job = await jobs.start("suggest", [...app.images.keys()], { count: Number(many.value) || 3 });
    if (job?.state === "done") state.suggested = job.result?.suggested ?? [];
    draw();
  } } });
  const mark = h("button", { type: "button", class: "primary", id: "mark-corrected", on: { click: () => markCurrent(app, state.suggested.find(({ id }) => id === app.current.id)?.region) } });
  const tally = h("p", { class: "summary", id: "corrected-count" });
  const tune = h("button", { type: "button", class: "primary", id: "tune", text: "Tune", on: { click: () => learn("tune") } });
  const adapt = h("button", { type: "button", id: "adapt", text: "Adapt", on: { click: () => learn("adapt") } });
  const result = h("div", { class: "learnt", "aria-live": "polite" });
  const noAdapt = h("p", { class: "hint" });

  const models = h("ul", { class: "models", "aria-label": "Models learnt here" });
  const noModels = h("p", { class: "hint", text: "None yet. What is tuned or adapted here appears in this list." });

  async function remove(name) {
    if (!confirm(`Delete the model ${name}? Images that were segmented with it keep their objects.`)) return;
    try {
      app.models = (await api.removeModel(name)).models;
      app.emit("models");
      if (state.result?.model === name) state.result = null;
      draw();
      toast(`The model ${name} was deleted.`);
    } catch (error) {
      toastError(error);
    }
  }

  async function learn(kind) {
    const ids = corrected(app).map((image) => image.id);
    const job = await jobs.start(kind, ids, { model: options().model });
    if (job?.state !== "done") return;
    state.result = { kind, ...job.result };
    await remodel();
    if (job.result?.model) chooseModel(job.result.model);
    draw();
    result.scrollIntoView({ block: "nearest" });
  }

  const draw = () => {
    const done = corrected(app);
    const { current } = app;
    suggest.disabled = [...app.images.values()].filter((image) => image.state === "segmented").length < 1;
    suggestions.replaceChildren(...state.suggested.filter(({ id }) => app.images.has(id)).map((entry) => suggestionItem(app, entry, visit)));
    mark.disabled = !current || current.state === "new";
    mark.textContent = current?.state === "corrected" ? "Take the mark back" : "This image is corrected";
    tally.textContent = `${done.length} of ${plural(app.images.size, "image")} corrected.`;
    tune.disabled = !done.length;
    adapt.disabled = !done.length || !app.info.adapt;
    noAdapt.textContent = app.info.adapt ? "Adapt trains the network further: minutes to hours, best with 5 images or more." : "Adapt needs hooke's training part, which is not installed here. In a copy of hooke's repository: pip install '.[train]'";
    const own = app.models.filter(({ kind }) => LEARNT.has(kind));
    models.replaceChildren(...own.map((model) => modelItem(model, remove)));
    noModels.hidden = own.length > 0;
    result.replaceChildren(...(state.result ? resultOf(state.result) : []));
  };
  $("tab-learn").append(
    h("h3", { text: "1. Which images" }), h("p", { class: "hint", text: "hooke names the images whose correction teaches it most: those it is unsure of, and no two that look the same." }),
    h("div", { class: "row wrap" }, h("label", { for: "suggest-count", text: "How many" }), many, suggest), suggestions,
    h("h3", { text: "2. Correct" }), h("p", { class: "hint", text: "Correct every object of an image, then say so. Corrected images gather in a data set that hooke's commands read." }), tally, mark,
    h("h3", { text: "3. Learn" }), h("p", { class: "hint", text: "Tune fits thresholds and sizes in seconds, without training." }), h("div", { class: "row wrap" }, tune, adapt), noAdapt, result,
    h("h3", { text: "Models learnt here" }), noModels, models);
  app.on("images current table tab models", () => app.tab === "learn" && draw());
  app.on("info", draw);
}

const LEARNT = new Set(["tuned", "adapted"]);

const corrected = (app) => [...app.images.values()].filter((image) => image.state === "corrected");

/** Whether a region is less than its image. */
const isPart = (image, region) => Boolean(region) && (region[2] - region[0] < image.height || region[3] - region[1] < image.width);

function suggestionItem(app, entry, visit) {
  const { id, why, teaches } = entry;
  const image = app.images.get(id);
  const done = image.state === "corrected";
  return h("li", {}, h("button", { type: "button", class: "link", text: image.name, on: { click: () => visit(entry) } }),
    h("span", { class: "hint", text: `${why ?? ""}${typeof teaches === "number" ? ` (teaches ${short(teaches)})` : ""}` }), done ? h("span", { class: "done", text: "corrected" }) : null);
}

function modelItem({ name, kind, description }, remove) {
  const what = description && description !== name ? `${kind}: ${description}` : kind;
  return h("li", {}, h("span", { class: "about" }, h("span", { class: "name", text: name }), h("span", { class: "hint", text: what })),
    h("button", { type: "button", class: "small", text: "Delete", "aria-label": `Delete the model ${name}`, on: { click: () => remove(name) } }));
}

async function markCurrent(app, region) {
  const { current } = app;
  const part = isPart(current, region) ? region : null;
  try {
    const reply = await api.markCorrected(current.id, current.state !== "corrected", part ? { plane: app.plane, region: part } : {});
    current.state = (reply.images ?? []).includes(current.id) ? "corrected" : "segmented";
    app.emit("images");
    if (current.state === "corrected") toast(part ? `The framed region of ${current.name} is marked as corrected.` : `${current.name} is marked as corrected.`, { kind: "good" });
  } catch (error) {
    toastError(error);
  }
}

function resultOf({ kind, model, changed, before, after, lines = [] }) {
  const numbers = [before, after].every((value) => typeof value === "number");
  const better = numbers ? after - before : 0;
  const verdict = !model || (!changed && kind === "tune") ? "Nothing that can be set fits your corrections better than what is there." : `The new model is called ${model}. It is chosen now: segment the other images again.`;
  return [h("h4", { text: kind === "tune" ? "Tuned" : "Adapted" }),
    ...(numbers ? [h("p", { class: "scores" }, h("span", { class: "score" }, h("span", { class: "hint", text: "before" }), short(before)), h("span", { "aria-hidden": "true", text: "→" }),
      h("span", { class: "score" }, h("span", { class: "hint", text: "now" }), short(after)), h("span", { class: better > 0 ? "gain" : "hint", text: better > 0 ? `+${short(better)}` : "no change" })),
    h("p", { class: "hint", text: "Score on the corrected images, 0 to 1 (mean over the overlaps 0.5 to 0.95)." })] : []),
    h("p", { text: verdict }), lines.length ? h("details", {}, h("summary", { text: "What changed" }), h("ul", {}, ...lines.map((text) => h("li", { text })))) : null].filter(Boolean);
}
