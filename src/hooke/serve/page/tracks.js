// Loads the tracks of what is open: the lineage once, and where tracks are in the frames that tails show.

import * as api from "./api.js";
import { toastError } from "./toasts.js";

/** Tracks of a sequence, as `app.tracks` holds them; null where nothing was tracked. */
export class Tracks {
  #asked = 0;

  /** @param {import("./app_state.js").AppState} app */
  constructor(app) {
    this.app = app;
    app.on("table", (detail) => this.#load(detail?.edited));
    app.on("look", (change) => "tail" in change && this.#places());
    app.on("selection", ({ origin }) => origin !== "open" && this.#follow());
  }

  /** Load everything again, such as after tracking. */
  forget() {
    this.app.tracks = null;
  }

  async #load(edited) {
    const { app } = this;
    const { current, plane, table } = app;
    if (!table) return;
    if (!current || !table.columns.track) return this.#none();
    const frame = frameOf(app.tracks, current.id, plane);
    if (frame < 0) {
      try {
        const known = lineageOf(await api.getLineage(current.id));
        if (app.current !== current || app.plane !== plane) return;
        app.tracks = { ...known, frame: frameOf(known, current.id, plane), places: null, chosen: 0, family: null };
      } catch (error) {
        if (error.status !== 404) toastError(error, "Tracks");
        return this.#none();
      }
    } else app.tracks.frame = frame;
    if (!edited) app.emit("tracks");
    await this.#places();
  }

  #none() {
    if (!this.app.tracks) return;
    this.app.tracks = null;
    this.app.filters.family = null;
    this.app.emit("tracks");
    this.app.emit("tails");
  }

  async #places() {
    const { app } = this;
    const { tracks, current } = app;
    if (!tracks || !current) return;
    const asked = ++this.#asked;
    try {
      const { columns } = await api.getTracks(current.id, Math.max(0, tracks.frame - app.look.tail), tracks.frame);
      if (asked !== this.#asked || app.tracks !== tracks) return;
      tracks.places = columns;
      app.emit("tails");
    } catch (error) {
      if (error.status !== 404) toastError(error, "Tracks");
    }
  }

  /** Choose the track of the object that was selected last. */
  #follow() {
    const { app } = this;
    const track = app.table?.value([...app.selection].at(-1), "track");
    if (app.tracks && typeof track === "number") this.choose(track);
  }

  /** Choose a track, and with it its family; 0 for none. */
  choose(track) {
    const { tracks } = this.app;
    if (!tracks || tracks.chosen === track) return;
    tracks.chosen = track;
    tracks.family = track ? familyOf(tracks.lineage, track) : null;
    if (this.app.filters.family && tracks.family) this.app.filters.family = tracks.family;
    this.app.emit("tracks");
    this.app.emit("tails");
  }
}

/** Number of the frame that a plane of an image is; -1 for none. */
const frameOf = (tracks, id, plane) => tracks?.frames.findIndex((frame) => frame.image === id && frame.plane === plane) ?? -1;

function lineageOf({ frames, tracks }) {
  const lineage = new Map();
  for (let i = 0; i < tracks.track.length; i++) {
    lineage.set(tracks.track[i], { track: tracks.track[i], begins: tracks.begins[i], ends: tracks.ends[i], parent: tracks.parent[i], generation: tracks.generation[i], daughters: [] });
  }
  for (const one of lineage.values()) lineage.get(one.parent)?.daughters.push(one.track);
  return { frames, lineage };
}

/** The founder of a track's family. */
export function founderOf(lineage, track) {
  let at = lineage.get(track);
  for (let steps = 0; at?.parent && lineage.has(at.parent) && steps < lineage.size; steps++) at = lineage.get(at.parent);
  return at?.track ?? track;
}

/** All tracks that come from the founder of one. */
export function familyOf(lineage, track) {
  const members = new Set([founderOf(lineage, track)]);
  for (const member of members) for (const daughter of lineage.get(member)?.daughters ?? []) members.add(daughter); // a set grows while it is gone through
  return members;
}
