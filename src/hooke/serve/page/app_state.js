// What all parts of the page share: the state, and events when it changes.

/**
 * The state of the page. Parts listen to the events that they show:
 * `images`, `current` (another image or plane), `table`, `selection`, `filter`, `look`, `tool`, `history`, `jobs`, `models`,
 * `painted` (what an edit changed is on show),
 * `tracks` (the lineage, the frame or the track that is chosen), `tails` (where tracks are).
 */
export class AppState {
  #listeners = new Map();

  info = {};
  /** @type {Object[]} */
  models = [];
  /** @type {Map<string, Object>} images by id, in the order of their arrival */
  images = new Map();
  /** @type {?Object} the image that is open */
  current = null;
  plane = 0;
  /** @type {?import("./object_table.js").ObjectTable} */
  table = null;
  /** @type {Set<number>} labels of the selected objects */
  selection = new Set();
  /** Row numbers that pass the filters. */
  shownRows = new Int32Array(0);
  /** 1 per row that passes the filters. */
  shown = new Uint8Array(0);
  filters = { size: [null, null], score: [null, null], hiddenClasses: new Set(), gate: null, family: null };
  /** @type {?{frames: Object[], lineage: Map<number, Object>, frame: number, places: ?Object, chosen: number, family: ?Set<number>}} */
  tracks = null;
  look = {
    outlines: true, fills: false, image: true, opacity: 1, fillOpacity: 0.35, width: 2,
    colourBy: "one", colour: "#ffe119", channels: [], tails: true, tail: 10,
  };
  tool = "select";
  brush = 6;
  history = { undo: false, redo: false };
  /** @type {Map<string, Object>} */
  jobs = new Map();

  /** Call `listener` at an event. */
  on(events, listener) {
    for (const event of events.split(" ")) {
      if (!this.#listeners.has(event)) this.#listeners.set(event, []);
      this.#listeners.get(event).push(listener);
    }
  }

  /** Say that something changed. */
  emit(event, ...details) {
    for (const listener of this.#listeners.get(event) ?? []) listener(...details);
  }

  /** Keep what the server says of an image. */
  putImage(image) {
    const known = this.images.get(image.id);
    this.images.set(image.id, known ? Object.assign(known, image) : image);
    return this.images.get(image.id);
  }

  /** Select objects by label; `how` is `"only"`, `"add"`, `"remove"` or `"toggle"`. */
  select(labels, how = "only", origin = "") {
    const chosen = how === "only" ? new Set() : new Set(this.selection);
    for (const label of labels) {
      if (how === "remove" || (how === "toggle" && chosen.has(label))) chosen.delete(label);
      else chosen.add(label);
    }
    this.selection = chosen;
    this.emit("selection", { origin });
  }

  /** Change how things are drawn. */
  setLook(change) {
    Object.assign(this.look, change);
    this.emit("look", change);
  }

  /** Take another tool. */
  setTool(tool) {
    this.tool = tool;
    this.emit("tool", tool);
  }
}
