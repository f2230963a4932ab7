// Paints the pixels of one tile of objects: outlines, fills, and the selection.

/** Side of a tile in pixels. */
export const SIDE = 256;
/** How far beyond a tile's edges painting reads: the widest outline. */
export const MARGIN = 3;
/** Side of what is read. */
export const PADDED = SIDE + 2 * MARGIN;

/** Rows and columns of a whole tile, [top, left, bottom, right]. */
export const WHOLE = [0, 0, SIDE, SIDE];

/**
 * Paint a tile, or a part of it.
 * @param {Uint32Array} target  SIDE x SIDE pixels as image data has them
 * @param {Uint32Array} ids  PADDED x PADDED numbers of objects, 0 for the background
 * @param {{outline: Uint32Array, fill: Uint32Array, selected: Set<number>, width: number, casing?: number}} style
 *   `casing` is the pixel painted just outside an outline, so that bright lines show on a bright image, too
 * @param {number[]} [part]  [top, left, bottom, right] in pixels of the tile
 */
export function paintTile(target, ids, { outline, fill, selected, width, casing = 0 }, [top, left, bottom, right] = WHOLE) {
  const anySelected = selected.size > 0;
  const white = 0xffffffff;
  const tint = 0x80ff9b2f; // a blue that is not an outline's colour
  for (let y = top; y < bottom; y++) {
    let at = y * SIDE + left;
    let from = (y + MARGIN) * PADDED + MARGIN + left;
    for (let x = left; x < right; x++, at++, from++) {
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
