// The measurements of an image's objects, by column.

import { whenIdle } from "./dom.js";

/** Columns that say what an object is called, not how it is. */
const TEXTS = new Set(["image", "class"]);
/** Columns that objects drawn by hand have no value of. */
const OPEN = new Set(["class", "score"]);
const AT_ONCE = 4; // columns that are made longer in one pause

/** A table with a row per object. Rows keep their number while the page is open: removed ones are only marked. */
export class ObjectTable {
  /** @param {Object<string, Array>} columns  of equal length, `label` among them */
  constructor(columns) {
    this.columns = columns;
    this.names = Object.keys(columns);
    this.length = columns.label?.length ?? 0;
    this.alive = new Uint8Array(this.length).fill(1);
    this.rowOf = new Map();
    /** Greatest label that was ever there. */
    this.highest = 0;
    for (let row = 0; row < this.length; row++) this.#put(columns.label[row], row);
    this.version = 0;
  }

  /** How many objects there are. */
  get count() {
    return this.rowOf.size;
  }

  /** Names of the columns that hold numbers. */
  get numeric() {
    return this.names.filter((name) => !TEXTS.has(name) && this.columns[name].some((value) => typeof value === "number"));
  }

  /** Value of an object's measurement; undefined when there is no such object or column. */
  value(label, name) {
    const row = this.rowOf.get(label);
    return row === undefined ? undefined : this.columns[name]?.[row];
  }

  /** Take the place of some rows, as the server says after an edit. */
  apply(removed, rows) {
    for (const label of removed) {
      const row = this.rowOf.get(label);
      if (row === undefined) continue;
      this.alive[row] = 0;
      this.rowOf.delete(label);
    }
    const labels = rows?.label ?? [];
    for (const name of Object.keys(rows ?? {})) {
      if (name in this.columns) continue;
      this.columns[name] = new Array(this.length).fill(null);
      this.names.push(name);
    }
    for (let i = 0; i < labels.length; i++) {
      let row = this.rowOf.get(labels[i]);
      if (row === undefined) {
        row = this.length++;
        if (row >= this.alive.length) {
          const longer = new Uint8Array(Math.ceil((row + 1) * 1.25) + 16);
          longer.set(this.alive);
          this.alive = longer;
        }
        this.alive[row] = 1;
        this.#put(labels[i], row);
      }
      for (const name of this.names) this.columns[name][row] = rows[name]?.[i] ?? null;
    }
    this.version++;
  }

  #put(label, row) {
    this.rowOf.set(label, row);
    if (label > this.highest) this.highest = label;
  }

  /** Make room for further rows, in pauses: the browser copies a column that grows, and the first edit would wait for it. */
  reserveSoon() {
    const names = [...this.names];
    const next = () => {
      for (const name of names.splice(0, AT_ONCE)) {
        const column = this.columns[name];
        column.push(OPEN.has(name) ? null : column[0]);
        column.length--;
      }
      if (names.length) whenIdle(next);
    };
    if (this.length) whenIdle(next);
  }
}

/**
 * Least and greatest of the shares `from` and `to` of a column's numbers, so that a few extreme objects do not hide the rest.
 * @param {ObjectTable} table @param {string} name @returns {[number, number]}
 */
export function rangeOf(table, name, from = 0, to = 1) {
  const column = table.columns[name] ?? [];
  const values = new Float64Array(table.length);
  let n = 0;
  for (let row = 0; row < table.length; row++) {
    if (table.alive[row] && typeof column[row] === "number" && Number.isFinite(column[row])) values[n++] = column[row];
  }
  if (!n) return [0, 1];
  const sorted = values.subarray(0, n).sort();
  return [sorted[Math.floor(from * (n - 1))], sorted[Math.ceil(to * (n - 1))]];
}
