// Loads tiles of the label image, keeps their numbers, and paints them in the colours of the page.
//
// A tile from the server holds the number of the object at each pixel. Everything that is seen of objects (outlines,
// colours, filters, the selection, what the pointer is over) is worked out here, without asking the server again.
// Beyond full resolution, finer tiles are made from those of level 0, so that outlines stay thin when zoomed in.

import { MARGIN, PADDED, SIDE, WHOLE, paintTile } from "./paint.js";
import { perFrame, whenIdle } from "./dom.js";

const KEEP = 240; // painted tiles, 256 KB each
const MANY = 500; // changed objects: from here on, all tiles are painted again
const FAR = 2; // level from which on lines are thin
const AT_ONCE = 6; // tiles out of view that are painted in one pause

/** The label image of one plane. */
export class LabelTiles {
  #numbers = new Map(); // "level/x/y" -> {ids: Uint32Array, present: Set<number>, loading: Promise, stale: boolean}
  #painted = new Map(); // "level/x/y" -> {canvas, context, level, x, y, outdated}; level below 0 is finer than the image
  #dirty = new Map(); // "level/x/y" -> [top, left, bottom, right], the part that is to be painted again
  #pausing = false;
  #revision;

  /**
   * @param {{address: (level: number, x: number, y: number, revision: number) => string, revision: number,
   *   onShow: () => Set<string>, changed: () => void}} options
   *   `onShow` gives the keys of the tiles in view, "level/x/y"; `changed` is called after such tiles were painted.
   */
  constructor(options) {
    this.options = options;
    this.#revision = options.revision;
    this.style = { outline: new Uint32Array(1), fill: new Uint32Array(1), selected: new Set(), width: 2, casing: 0 };
    this.repaintSoon = perFrame(() => this.#repaint());
  }

  /**
   * Canvas of a tile, painted.
   * @param {number} level  0 is full resolution, -1 twice as fine
   * @param {number} x @param {number} y
   * @returns {Promise<HTMLCanvasElement>}
   */
  async canvas(level, x, y) {
    const key = `${level}/${x}/${y}`;
    let tile = this.#painted.get(key);
    if (!tile) {
      const canvas = document.createElement("canvas");
      canvas.width = canvas.height = SIDE;
      tile = { canvas, context: canvas.getContext("2d"), level, x, y };
    }
    await this.#load(...baseOf(level, x, y));
    this.touch(key, tile);
    this.#paint(tile);
    return tile.canvas;
  }

  /** Number of the object at a pixel, 0 for none; undefined while its tile is not here. */
  idAt(y, x, level) {
    const scale = 2 ** Math.max(level, 0);
    const [column, row] = [Math.floor((x + 0.5) / scale), Math.floor((y + 0.5) / scale)];
    const entry = this.#numbers.get(`${Math.max(level, 0)}/${column >> 8}/${row >> 8}`);
    return entry?.ids?.[(row & 255) * SIDE + (column & 255)];
  }

  /** Take other colours or another selection, and paint again the tiles that hold an object that looks different. */
  setStyle(change) {
    const before = this.style;
    this.style = { ...before, ...change };
    const objects = changedObjects(before, this.style);
    for (const [key, tile] of this.#painted) if (objects === null || this.#holds(tile, objects)) this.#dirty.set(key, WHOLE);
    this.repaintSoon();
  }

  /**
   * Make the change of an edit that gives all pixels of some objects to another, or to the background.
   * @param {Map<number, number>} numbers  new number by old one
   * @param {number} revision  of the label image now
   */
  relabel(numbers, revision) {
    this.#revision = revision;
    for (const [key, entry] of this.#numbers) {
      if (!entry.ids) entry.stale = true; // what is on its way is of the state before
      else if (anyOf(entry.present, numbers.keys())) {
        const before = entry.ids;
        entry.ids = before.map((id) => numbers.get(id) ?? id);
        entry.present = presentIn(entry.ids);
        this.#touchedBy(...key.split("/").map(Number), differing(before, entry.ids));
      }
      if (entry.stale) this.#load(...key.split("/").map(Number));
    }
    this.#repaint();
  }

  /**
   * Load what an edit changed again; what is on show stays until the new is here.
   * @param {number[]} box  [y0, x0, y1, x1] in pixels of the image
   * @param {number} revision  of the label image now
   */
  async update([top, left, bottom, right], revision) {
    this.#revision = revision;
    const wanted = this.options.onShow(); // others are loaded when they come into view
    const waiting = [];
    for (const [key, entry] of this.#numbers) {
      const [level, x, y] = key.split("/").map(Number);
      const size = SIDE * 2 ** level;
      if ((x + 1) * size < left - 1 || x * size > right + 1 || (y + 1) * size < top - 1 || y * size > bottom + 1) continue;
      entry.stale = true;
      const users = [...this.#painted].filter(([, tile]) => baseOf(tile.level, tile.x, tile.y).join("/") === key);
      if (users.some(([user]) => wanted.has(user))) waiting.push(this.#load(level, x, y));
      else this.#forget(key, users);
    }
    await Promise.all(waiting);
    this.#repaint();
  }

  /** Remember that a tile was used. */
  touch(key, tile = this.#painted.get(key)) {
    if (!tile) return;
    toEnd(this.#painted, key, tile);
    const base = baseOf(tile.level, tile.x, tile.y).join("/");
    if (this.#numbers.has(base)) toEnd(this.#numbers, base, this.#numbers.get(base));
    for (const kept of [this.#painted, this.#numbers]) if (kept.size > KEEP) kept.delete(kept.keys().next().value);
  }

  #forget(key, users) {
    this.#numbers.delete(key);
    for (const [user, tile] of users) tile.outdated = true, this.#dirty.delete(user);
  }

  /** Load and paint what is outdated among the tiles in view. */
  async refresh() {
    const outdated = [...this.options.onShow()].map((key) => this.#painted.get(key)).filter((tile) => tile?.outdated);
    await Promise.all(outdated.map((tile) => this.#load(...baseOf(tile.level, tile.x, tile.y))));
    if (outdated.length) this.#repaint();
  }

  async #load(level, x, y) {
    const key = `${level}/${x}/${y}`;
    const known = this.#numbers.get(key);
    if (known && !known.stale) {
      this.#numbers.delete(key);
      this.#numbers.set(key, known);
      return known.loading;
    }
    const entry = { ids: known?.ids, stale: false };
    this.#numbers.set(key, entry);
    entry.loading = this.#fetchNumbers(level, x, y, this.#revision).then(
      (ids) => {
        if (this.#numbers.get(key) !== entry) return; // a later edit came first
        const before = entry.ids;
        entry.ids = ids;
        entry.present = presentIn(ids);
        this.#touchedBy(level, x, y, before ? differing(before, ids) : WHOLE);
      },
      (error) => {
        if (this.#numbers.get(key) === entry) this.#numbers.delete(key);
        throw error;
      },
    );
    return entry.loading;
  }

  async #fetchNumbers(level, x, y, revision) {
    const response = await fetch(this.options.address(level, x, y, revision));
    if (!response.ok) throw new Error(`tile ${level}/${x}/${y}: ${response.status}`);
    // Neither the colour space nor an alpha channel may change the bits.
    const picture = await createImageBitmap(await response.blob(), { colorSpaceConversion: "none", premultiplyAlpha: "none" });
    const pixels = readPixels(picture);
    const ids = new Uint32Array(SIDE * SIDE);
    for (let i = 0; i < ids.length; i++) {
      const value = pixels[i];
      ids[i] = ((value & 255) << 16) | (value & 0xff00) | ((value >> 16) & 255); // red is the highest byte
    }
    return ids;
  }

  /** Mark what was painted from a part of a tile of the server, beyond its edges, too: an outline depends on what is near. */
  #touchedBy(level, x, y, [top, left, bottom, right]) {
    if (top >= bottom) return;
    for (const [key, tile] of this.#painted) {
      if (Math.max(tile.level, 0) !== level) continue;
      const fine = 2 ** Math.max(-tile.level, 0); // pixels of the canvas to one of the tile of the server
      const place = (value, base, own) => (base * SIDE + value) * fine - own * SIDE;
      const part = [place(top, y, tile.y) - MARGIN, place(left, x, tile.x) - MARGIN, place(bottom, y, tile.y) + MARGIN, place(right, x, tile.x) + MARGIN];
      const within = part.map((value) => Math.min(Math.max(value, 0), SIDE));
      if (within[0] < within[2] && within[1] < within[3]) this.#dirty.set(key, around(this.#dirty.get(key), within));
    }
    this.repaintSoon();
  }

  #holds(tile, objects) {
    const entry = this.#numbers.get(baseOf(tile.level, tile.x, tile.y).join("/"));
    return !entry?.present || anyOf(entry.present, objects);
  }

  /** Paint the tiles in view now, the others in pauses. */
  #repaint() {
    if (!this.#dirty.size) return;
    let any = false;
    for (const key of this.options.onShow()) if (this.#dirty.has(key)) any = this.#clean(key) || any;
    if (any) this.options.changed();
    if (this.#dirty.size) this.#paintOthers();
  }

  #paintOthers() {
    if (this.#pausing) return;
    this.#pausing = true;
    whenIdle(() => {
      this.#pausing = false;
      for (const key of [...this.#dirty.keys()].slice(0, AT_ONCE)) this.#clean(key);
      if (this.#dirty.size) this.#paintOthers();
    });
  }

  #clean(key) {
    const part = this.#dirty.get(key);
    this.#dirty.delete(key);
    const tile = this.#painted.get(key);
    if (tile) this.#paint(tile, part);
    return Boolean(tile);
  }

  #paint(tile, part = WHOLE) {
    tile.outdated = !this.#numbers.get(baseOf(tile.level, tile.x, tile.y).join("/"))?.ids;
    if (tile.outdated) return; // what is on show stays until the numbers are here
    // Seen from far off, objects are a few pixels: a thick line would hide them and the image.
    const style = tile.level >= FAR ? { ...this.style, width: 1, casing: 0 } : this.style;
    const [top, left, bottom, right] = part;
    paintTile(pixels, this.#gather(tile, top, bottom), style, part);
    tile.context.putImageData(picture, 0, 0, left, top, right - left, bottom - top);
  }

  /** Numbers of some rows of a tile and a margin around it, from the tiles of the server that are here. */
  #gather({ level, x, y }, from, to) {
    const ids = gathered;
    const fine = Math.max(-level, 0);
    const base = Math.max(level, 0);
    const [left, top] = [x * SIDE - MARGIN, y * SIDE - MARGIN];
    const around = new Map();
    const numbers = (column, row) => {
      const key = `${base}/${column}/${row}`;
      if (!around.has(key)) around.set(key, this.#numbers.get(key)?.ids);
      return around.get(key);
    };
    const [ownX, ownY] = [(x * SIDE) >> fine >> 8, (y * SIDE) >> fine >> 8];
    for (let row = from; row < to + 2 * MARGIN; row++) {
      const sourceY = (top + row) >> fine;
      for (let column = 0; column < PADDED; ) {
        const sourceX = (left + column) >> fine;
        // All columns up to the end of this tile of the server are read in one go.
        const end = Math.min(PADDED, ((((sourceX >> 8) + 1) << 8) << fine) - left);
        const tile = numbers(sourceX >> 8, sourceY >> 8);
        const into = row * PADDED;
        if (tile) {
          const line = (sourceY & 255) * SIDE;
          for (; column < end; column++) ids[into + column] = tile[line + (((left + column) >> fine) & 255)];
        } else {
          // The neighbour is not here: repeat the edge, so that no outline is drawn along it.
          const own = numbers(ownX, ownY);
          const nearY = clamp(sourceY - (ownY << 8));
          for (; column < end; column++) ids[into + column] = own?.[nearY * SIDE + clamp(((left + column) >> fine) - (ownX << 8))] ?? 0;
        }
      }
    }
    return ids;
  }
}

// What every tile is painted with; its canvas keeps the result.
const picture = new ImageData(SIDE, SIDE);
const pixels = new Uint32Array(picture.data.buffer);
const gathered = new Uint32Array(PADDED * PADDED);
const reader = document.createElement("canvas");
reader.width = reader.height = SIDE;
const readerContext = reader.getContext("2d", { willReadFrequently: true });

function readPixels(picture) {
  readerContext.clearRect(0, 0, SIDE, SIDE);
  readerContext.drawImage(picture, 0, 0);
  picture.close();
  return new Uint32Array(readerContext.getImageData(0, 0, SIDE, SIDE).data.buffer);
}

const clamp = (value) => Math.min(Math.max(value, 0), SIDE - 1);

/** The box around the numbers that differ; of no rows where none does. */
function differing(before, after) {
  const box = [SIDE, SIDE, 0, 0];
  for (let row = 0, i = 0; row < SIDE; row++) {
    for (let column = 0; column < SIDE; column++, i++) {
      if (before[i] === after[i]) continue;
      if (row < box[0]) box[0] = row;
      if (column < box[1]) box[1] = column;
      box[2] = row + 1;
      if (column >= box[3]) box[3] = column + 1;
    }
  }
  return box;
}

/** The box around two. */
const around = (one, other) => (one ? one.map((value, side) => (side < 2 ? Math.min : Math.max)(value, other[side])) : other);

/** Numbers of the objects in a tile. */
function presentIn(ids) {
  const present = new Set();
  let last = 0;
  for (const id of ids) {
    if (id !== last && id) present.add(id);
    last = id;
  }
  return present;
}

function anyOf(present, objects) {
  for (const object of objects) if (present.has(object)) return true;
  return false;
}

/** Objects that look different; null when there are many, or when every outline does. */
function changedObjects(before, after) {
  if (before.width !== after.width || before.casing !== after.casing) return null;
  const changed = new Set();
  for (const id of before.selected) if (!after.selected.has(id)) changed.add(id);
  for (const id of after.selected) if (!before.selected.has(id)) changed.add(id);
  for (const name of ["outline", "fill"]) {
    const [old, now] = [before[name], after[name]];
    if (old === now) continue;
    const length = Math.max(old.length, now.length);
    for (let id = 0; id < length && changed.size <= MANY; id++) if ((old[id] ?? 0) !== (now[id] ?? 0)) changed.add(id);
  }
  return changed.size > MANY ? null : changed;
}

function toEnd(map, key, value) {
  map.delete(key);
  map.set(key, value);
}

/** The tile of the server that a painted tile is made from. */
function baseOf(level, x, y) {
  return level >= 0 ? [level, x, y] : [0, x >> -level, y >> -level];
}
