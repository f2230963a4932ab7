// Starts the page: makes its parts, and opens images.

import * as api from "./api.js";
import { AppState } from "./app_state.js";
import { connectCounts } from "./counts_tab.js";
import { $, plural } from "./dom.js";
import { Editing, stepsOf } from "./editing.js";
import { connectHover } from "./hover.js";
import { connectImages } from "./image_list.js";
import { Jobs } from "./jobs.js";
import { connectKeys } from "./keys.js";
import { connectLearn } from "./learn_tab.js";
import { channelsOf, connectLook } from "./look_tab.js";
import { ObjectTable } from "./object_table.js";
import { connectObjects } from "./objects_tab.js";
import { connectPlots } from "./plots_tab.js";
import { connectSave } from "./save_tab.js";
import { atOnce, connectSettings, options } from "./settings.js";
import { connectTabs, showPanel } from "./tabs.js";
import { toast, toastError } from "./toasts.js";
import { connectTools } from "./tools.js";
import { Tracks } from "./tracks.js";
import { connectTracks } from "./tracks_tab.js";
import { Viewer } from "./viewer.js";

const LIST_EVERY = 300000; // milliseconds; the server keeps what it has while a page asks within 15 minutes
const app = new AppState();
const jobs = new Jobs(app);
let loading = new AbortController();

async function open(id, plane = 0) {
  const image = id === null ? null : app.images.get(id);
  if (id !== null && !image) return;
  const another = app.current !== image;
  app.current = image;
  app.plane = plane;
  app.table = null;
  app.selection = new Set();
  app.history = stepsOf(image);
  app.refilter();
  if (another) {
    app.look.channels = image ? channelsOf(image) : [];
    app.emit("newimage");
  }
  $("title").textContent = image ? image.name : "No image is open";
  document.title = image ? `${image.name} · hooke` : "hooke";
  history.replaceState(null, "", image ? `#${new URLSearchParams({ image: id, plane })}` : " ");
  app.emit("current");
  app.emit("table");
  app.emit("selection", { origin: "open" });
  app.emit("history");
  if (another && image) showPanel("viewer");
  await loadTable();
}

/** Load the measurements of what is open, and show its objects. */
async function loadTable() {
  loading.abort();
  loading = new AbortController();
  const { current, plane } = app;
  if (!current || current.state === "new") return;
  try {
    const { revision, columns } = await api.getTable(current.id, plane, loading.signal);
    if (app.current !== current || app.plane !== plane) return;
    current.revision = revision;
    app.table = new ObjectTable(columns);
    app.table.reserveSoon();
    app.history = stepsOf(current);
    app.refilter();
    viewer.renew();
    app.emit("table");
    app.emit("selection", { origin: "open" });
    app.emit("history");
  } catch (error) {
    if (error.name !== "AbortError") toastError(error, current.name);
  }
}

/** Ask the server what became of images, and show it. */
async function refresh(ids) {
  for (const id of ids) {
    if (!app.images.has(id)) continue;
    try {
      app.putImage(await api.getImage(id));
    } catch (error) {
      toastError(error, app.images.get(id).name);
    }
  }
  app.emit("images");
  if (app.current && ids.includes(app.current.id)) await open(app.current.id, app.plane);
}

async function segment(images, chosen) {
  const ids = images.map((image) => image.id);
  afterSegmenting(await jobs.start("segment", ids, chosen), ids);
}

async function afterSegmenting(job, ids) {
  if (!job) return;
  await refresh(ids);
  const failed = job.state === "failed" ? [] : (job.result?.images ?? []).filter(({ error }) => error);
  for (const { id, error, remedy } of failed) toast(`${app.images.get(id)?.name ?? id}: ${error}`, { kind: "error", remedy });
}

/** Follow objects through the frames of a stack, or through all images in their order. */
async function track() {
  const stack = app.current.planes.t > 1;
  const ids = stack ? [app.current.id] : [...app.images.keys()];
  const job = await jobs.start("track", ids);
  tracks.forget();
  await refresh(ids);
  if (job?.state === "done") {
    app.setLook({ colourBy: "track" });
    toast(`${plural(job.result?.tracks ?? 0, "track")} through ${plural(job.result?.frames ?? 0, "frame")}; objects have the colour of their track. Lineages are under Tracks.`, { kind: "good" });
  }
}

async function loadModels() {
  app.models = (await api.getModels()).models;
  app.emit("models");
}

const viewer = new Viewer(app);
const tracks = new Tracks(app);
const editing = new Editing(app, viewer, { reload: loadTable, open, refresh });
const commands = connectTools(app, viewer, editing);
connectKeys(app, commands);
connectObjects(app, viewer, commands);
connectPlots(app);
connectCounts(app, open);
connectLook(app, (plane) => open(app.current.id, plane));
connectTabs(app);
connectTracks(app, open, tracks);
connectLearn(app, viewer, jobs, open, loadModels);
connectSave(app);
connectHover(app, viewer);
connectSettings(app, segment, track);
connectImages(app, open, (added) => atOnce() && segment(added, options()));

/** Show in the list what another tab or the server's cleaning did to it, and let the server know that this page is open. */
async function refreshList() {
  if (document.hidden) return;
  try {
    const { images } = await api.getImages();
    const there = new Set(images.map(({ id }) => id));
    const gone = [...app.images.values()].filter(({ id }) => !there.has(id));
    // The image that is open keeps its revision: an edit of an older state must be refused.
    for (const image of images) if (image.id !== app.current?.id) app.putImage(image);
    for (const { id } of gone) app.images.delete(id);
    if (gone.some(({ id }) => id === app.current?.id)) await open(app.images.keys().next().value ?? null);
    if (gone.length) toast(gone.length === 1 ? `${gone[0].name} was removed elsewhere.` : `${plural(gone.length, "image")} were removed elsewhere.`);
    app.emit("images");
  } catch { /* the server does not answer: the next request that matters says so */ }
}

/** Show what the server has from before, such as after the page was loaded again. */
async function start() {
  try {
    app.info = await api.getInfo();
    app.models = app.info.models ?? [];
    $("by-path").hidden = !app.info.paths;
    app.emit("models");
    app.emit("info");
    for (const image of (await api.getImages()).images) app.putImage(image);
    app.emit("images");
    await loadModels();
    const wanted = new URLSearchParams(location.hash.slice(1));
    if (app.images.has(wanted.get("image"))) await open(wanted.get("image"), Number(wanted.get("plane")) || 0);
    else if (app.images.size) await open(app.images.keys().next().value);
    for (const { job, ended } of await jobs.resume()) ended.then((last) => ["segment", "track"].includes(last.kind) && afterSegmenting(last, job.images ?? []));
  } catch (error) {
    toastError(error, "The page could not start");
  }
}

start();
setInterval(refreshList, LIST_EVERY);
document.addEventListener("visibilitychange", refreshList);
