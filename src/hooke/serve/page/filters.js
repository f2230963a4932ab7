// Decides which objects are shown: by size, score, class, and a gate drawn into the scatter plot.

/**
 * Whether a point is inside a polygon (even-odd rule).
 * @param {number} x @param {number} y @param {number[][]} polygon  corners as [x, y]
 */
export function inside(x, y, polygon) {
  let within = false;
  for (let i = 0, j = polygon.length - 1; i < polygon.length; j = i++) {
    const [xi, yi] = polygon[i];
    const [xj, yj] = polygon[j];
    if (yi > y !== yj > y && x < ((xj - xi) * (y - yi)) / (yj - yi) + xi) within = !within;
  }
  return within;
}

/**
 * Rows that pass.
 * @param {import("./object_table.js").ObjectTable} table
 * @param {{size: ?number[], score: ?number[], hiddenClasses: Set<string>, gate: ?{x: string, y: string, polygon: number[][]}, family: ?Set<number>}} filters
 * @returns {{rows: Int32Array, shown: Uint8Array}}
 */
export function passing(table, filters) {
  const shown = new Uint8Array(table.length);
  const rows = new Int32Array(table.length);
  const { area, score } = table.columns;
  const classes = table.columns.class;
  const { gate, family } = filters;
  const tracks = family && table.columns.track;
  const gx = gate && table.columns[gate.x];
  const gy = gate && table.columns[gate.y];
  let n = 0;
  for (let row = 0; row < table.length; row++) {
    if (!table.alive[row]) continue;
    if (area && !within(area[row], filters.size)) continue;
    if (score && !within(score[row], filters.score)) continue;
    if (classes && filters.hiddenClasses.size && filters.hiddenClasses.has(classes[row] ?? "")) continue;
    if (gx && gy && !inside(gx[row], gy[row], gate.polygon)) continue;
    if (tracks && !family.has(tracks[row])) continue;
    shown[row] = 1;
    rows[n++] = row;
  }
  return { rows: rows.subarray(0, n), shown };
}

/** Whether any filter is set. */
export function anyFilter({ size, score, hiddenClasses, gate, family }) {
  return [...size, ...score].some((limit) => limit !== null) || hiddenClasses.size > 0 || gate !== null || Boolean(family);
}

function within(value, [low, high]) {
  if (value === null || value === undefined) return true; // not measured: an object drawn by hand has no score
  return (low === null || value >= low) && (high === null || value <= high);
}
