// Colours of objects: by class, by a measurement, by track, or one for all.

import { rangeOf } from "./object_table.js";

/** Hooke's colours of series on dark ground (Okabe and Ito), which colour-blind people can distinguish. */
export const SERIES = ["#69b1f5", "#f39a57", "#57c9a0", "#e38fcb", "#d6c34a", "#a9abff"];
/** Viridis from a violet that still shows on black. */
export const SCALE = ["#5a4a9c", "#3f6fb0", "#2a93a5", "#27ad81", "#5cc863", "#aadc32", "#fde725"];
const UNKNOWN = "#c9ced6";

/** Pack a colour as a pixel of image data. */
export function pack(colour, alpha = 255) {
  const value = Number.parseInt(colour.slice(1), 16);
  return ((alpha << 24) | ((value & 255) << 16) | (value & 0xff00) | (value >> 16)) >>> 0;
}

/** Colour of a share from 0 to 1 on the scale. */
export function onScale(share) {
  const place = Math.min(Math.max(share, 0), 1) * (SCALE.length - 1);
  const low = Math.min(Math.floor(place), SCALE.length - 2);
  const part = place - low;
  const [a, b] = [SCALE[low], SCALE[low + 1]].map((text) => Number.parseInt(text.slice(1), 16));
  const mix = (shift) => Math.round(((a >> shift) & 255) * (1 - part) + ((b >> shift) & 255) * part);
  return `#${((1 << 24) | (mix(16) << 16) | (mix(8) << 8) | mix(0)).toString(16).slice(1)}`;
}

/** Place in the series of the colour of a number, such as a track's: the same wherever it is drawn. */
export const numberPlace = (number) => (typeof number === "number" ? Math.abs(Math.imul(number, 2654435761) >> 8) % SERIES.length : -1);

/** Colour of each class, by its place in the alphabet. */
export function classColours(names) {
  const sorted = [...new Set(names)].filter(Boolean).sort();
  return new Map(sorted.map((name, place) => [name, SERIES[place % SERIES.length]]));
}

/**
 * Colours of all objects by label, for outlines and for fills; 0 where an object is hidden.
 * @param {import("./object_table.js").ObjectTable} table
 * @param {Uint8Array} shown  by row
 * @param {Object} look
 * @returns {{outline: Uint32Array, fill: Uint32Array, legend: Object}}
 */
export function objectColours(table, shown, look) {
  const size = table.highest + 1;
  const outline = new Uint32Array(size);
  const fill = new Uint32Array(size);
  const alpha = Math.round(look.fillOpacity * 255);
  const { colourOf, legend } = chooser(table, look);
  for (const [label, row] of table.rowOf) {
    if (!shown[row]) continue;
    const colour = colourOf(row);
    if (look.outlines) outline[label] = (0xff000000 | colour) >>> 0;
    if (look.fills) {
      fill[label] = ((alpha << 24) | (colour & 0xffffff)) >>> 0;
      if (!look.outlines) outline[label] = fill[label];
    }
  }
  return { outline, fill, legend };
}

/** Which colour each row has, and what the legend says. */
function chooser(table, look) {
  const by = look.colourBy;
  const column = table.columns[by];
  const unknown = pack(UNKNOWN);
  if (by === "label" || (by === "track" && column)) {
    const packed = SERIES.map((colour) => pack(colour));
    const numbers = column ?? table.columns.label;
    return { colourOf: (row) => packed[numberPlace(numbers[row])] ?? unknown, legend: null };
  }
  if (by === "class" && column) {
    const colours = classColours(column);
    const packed = new Map([...colours].map(([name, colour]) => [name, pack(colour)]));
    const entries = [...colours];
    if (column.some((name, row) => table.alive[row] && !name)) entries.push(["no class", UNKNOWN]);
    return { colourOf: (row) => packed.get(column[row]) ?? unknown, legend: { entries } };
  }
  if (by !== "one" && column) {
    const [low, high] = by === "score" ? [0, 1] : rangeOf(table, by, 0.02, 0.98);
    const steps = Array.from({ length: 64 }, (_, step) => pack(onScale(step / 63)));
    const span = high - low || 1;
    const colourOf = (row) => {
      const value = column[row];
      return typeof value === "number" ? steps[Math.min(63, Math.max(0, Math.round(((value - low) / span) * 63)))] : unknown;
    };
    return { colourOf, legend: { name: by, low, high } };
  }
  const one = pack(look.colour);
  return { colourOf: () => one, legend: null };
}
