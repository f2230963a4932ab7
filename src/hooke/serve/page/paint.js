// Paints the pixels of one tile of objects: outlines, fills, and the selection.

/** Side of a tile in pixels. */
export const SIDE = 256;
/** How far beyond a tile's edges painting reads: the widest outline. */
export const MARGIN = 3;
/** Side of what is read. */
export const PADDED = SIDE + 2 * MARGIN;

/**
 * Paint a tile.
 * @param {Uint32Array} target  SIDE x SIDE pixels as image data has them
 * @param {Uint32Array} ids  PADDED x PADDED numbers of objects, 0 for the background
 * @param {{outline: Uint32Array, fill: Uint32Array, selected: Set<number>, width: number, casing?: number}} style
 *   `casing` is the pixel painted just outside an outline, so that bright lines show on a bright image, too
 */
export function paintTile(target, ids, { outline, fill, selected, width, casing = 0 }) {
  const anySelected = selected.size > 0;
  const white = 0xffffffff;
  const tint = 0x80ff9b2f; // a blue that is not an outline's colour
  let at = 0;
  for (let y = 0; y < SIDE; y++) {
    let from = (y + MARGIN) * PADDED + MARGIN;
    for (let x = 0; x < SIDE; x++, at++, from++) {
      const id = ids[from];
      if (id === 0) {
        const beside = casing && (ids[from - 1] || ids[from + 1] || ids[from - PADDED] || ids[from + PADDED]);
        target[at] = beside && (outline[beside] || selected.has(beside)) ? casing : 0;
        continue;
      }
      const chosen = anySelected && selected.has(id);
      const line = outline[id];
      const inner = fill[id];
      if (!line && !inner && !chosen) {
        target[at] = 0;
        continue;
      }
      const border = atBorder(ids, from, id, chosen ? MARGIN : width);
      target[at] = border ? (chosen ? white : line) : chosen ? tint : inner ?? 0;
    }
  }
}

/** Whether another object or the background is within `width` pixels in one of four directions. */
function atBorder(ids, from, id, width) {
  for (let step = 1; step <= width; step++) {
    if (ids[from - step] !== id || ids[from + step] !== id || ids[from - step * PADDED] !== id || ids[from + step * PADDED] !== id) {
      return true;
    }
  }
  return false;
}
