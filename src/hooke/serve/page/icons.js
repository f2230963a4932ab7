// The pictures on buttons: lines in a square of 24.

import { s } from "./dom.js";

const PATHS = {
  select: "M5 3l14 8-6 2-3 6z",
  lasso: "M4 10c0-4 4-6 8-6s8 2 8 6-4 6-8 6c-2 0-4-1-5-1-2 0-2 3 0 4",
  draw: "M12 4l7 4 1 7-6 5-8-2-2-8zM12 4l-8 6",
  brush: "M14 10L20 4M9 20c-3 0-5-1-6-2 2 0 3-1 3-3 0-2 2-4 4-4s4 2 4 4-2 5-5 5z",
  erase: "M9 20h11M4 15l9-10 7 6-8 9H8z",
  split: "M12 2v20M8 7a5 5 0 1 0 0 10M16 7a5 5 0 1 1 0 10",
  merge: "M9 6a6 6 0 1 0 0 12h6a6 6 0 1 0 0-12z",
  delete: "M4 7h16M9 7V4h6v3M6 7l1 13h10l1-13M10 11v6M14 11v6",
  fill: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM12 9v6M9 12h6",
  undo: "M4 9h11a5 5 0 0 1 0 10h-4M8 5L4 9l4 4",
  redo: "M20 9H9a5 5 0 0 0 0 10h4M16 5l4 4-4 4",
  fit: "M4 9V4h5M15 4h5v5M20 15v5h-5M9 20H4v-5",
  plus: "M12 5v14M5 12h14",
  minus: "M5 12h14",
  check: "M4 12l5 6L20 6",
  close: "M5 5l14 14M19 5L5 19",
  outline: "M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16z",
};

/**
 * Draw an icon.
 * @param {keyof typeof PATHS} name
 * @returns {SVGElement}
 */
export function icon(name) {
  return s("svg", { viewBox: "0 0 24 24", class: "icon", "aria-hidden": "true" }, s("path", { d: PATHS[name] }));
}
