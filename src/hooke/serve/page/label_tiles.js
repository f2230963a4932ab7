// Loads tiles of the label image, keeps their numbers, and paints them in the colours of the page.
//
// A tile from the server holds the number of the object at each pixel. Everything that is seen of objects (outlines,
// colours, filters, the selection, what the pointer is over) is worked out here, without asking the server again.
// Beyond full resolution, finer tiles are made from those of level 0, so that outlines stay thin when zoomed in.

import { MARGIN, PADDED, SIDE, paintTile } from "./paint.js";
import { perFrame } from "./dom.js";

const KEEP = 240; // painted tiles, 256 KB each

/** The label image of one plane. */
export class LabelTiles {
  #numbers = new Map(); // "level/x/y" -> {ids: Uint32Array, loading: Promise, stale: boolean}
  #painted = new Map(); // "level/x/y" -> {canvas, context, data, level, x, y}; level below 0 is finer than the image
  #dirty = new Set();
  #revision;

  /**
   * @param {{address: (level: number, x: number, y: number, revision: number) => string, revision: number,
   *   width: number, height: number, levels: number, changed: () => void}} options
   *   `changed` is called after tiles that are on show were painted.
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
      const context = canvas.getContext("2d");
      const image = context.createImageData(SIDE, SIDE);
      tile = { canvas, context, image, pixels: new Uint32Array(image.data.buffer), level, x, y };
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

  /** Paint all tiles again with other colours or another selection. */
  setStyle(change) {
    Object.assign(this.style, change);
    for (const key of this.#painted.keys()) this.#dirty.add(key);
    this.repaintSoon();
  }

  /**
   * Load what an edit changed again; what is on show stays until the new is here.
   * @param {number[]} box  [y0, x0, y1, x1] in pixels of the image
   * @param {number} revision  of the label image now
   * @param {Set<string>} [wanted]  keys of painted tiles that are on show; others are loaded when they are
   */
  async update([top, left, bottom, right], revision, wanted) {
    this.#revision = revision;
    const waiting = [];
    for (const [key, entry] of this.#numbers) {
      const [level, x, y] = key.split("/").map(Number);
      const size = SIDE * 2 ** level;
      if ((x + 1) * size < left - 1 || x * size > right + 1 || (y + 1) * size < top - 1 || y * size > bottom + 1) continue;
      entry.stale = true;
      const users = [...this.#painted].filter(([, tile]) => baseOf(tile.level, tile.x, tile.y).join("/") === key);
      if (users.some(([user]) => !wanted || wanted.has(user))) waiting.push(this.#load(level, x, y));
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

  /** Paint again what is outdated among tiles that are on show now. */
  async refresh(keys) {
    const outdated = [...keys].map((key) => this.#painted.get(key)).filter((tile) => tile?.outdated);
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
        entry.ids = ids;
        this.#touchedBy(level, x, y);
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

  /** Mark the tiles painted from a tile of the server, and those beside it, whose outlines end at its edge. */
  #touchedBy(level, x, y) {
    for (const [key, tile] of this.#painted) {
      const [baseLevel, bx, by] = baseOf(tile.level, tile.x, tile.y);
      if (baseLevel === level && Math.abs(bx - x) + Math.abs(by - y) <= 1) {
        this.#dirty.add(key);
      }
    }
    this.repaintSoon();
  }

  #repaint() {
    if (!this.#dirty.size) return;
    for (const key of this.#dirty) {
      const tile = this.#painted.get(key);
      if (tile) this.#paint(tile);
    }
    this.#dirty.clear();
    this.options.changed();
  }

  #paint(tile) {
    tile.outdated = !this.#numbers.get(baseOf(tile.level, tile.x, tile.y).join("/"))?.ids;
    if (tile.outdated) return; // what is on show stays until the numbers are here
    paintTile(tile.pixels, this.#gather(tile), this.style);
    tile.context.putImageData(tile.image, 0, 0);
  }

  /** Numbers of a tile and a margin around it, from the tiles of the server that are here. */
  #gather({ level, x, y }) {
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
    for (let row = 0; row < PADDED; row++) {
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

function toEnd(map, key, value) {
  map.delete(key);
  map.set(key, value);
}

/** The tile of the server that a painted tile is made from. */
function baseOf(level, x, y) {
  return level >= 0 ? [level, x, y] : [0, x >> -level, y >> -level];
}
