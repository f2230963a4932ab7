// Draws tracks over the image: where objects were in the frames before, fading, and from which mother they come.

import { toMap } from "./geometry.js";
import { SERIES, numberPlace } from "./colours.js";
import { Feature, MultiLineString, Stroke, Style, VectorLayer, VectorSource } from "./openlayers.js";

const AGES = 4; // steps in which tails fade
const GREY = "#c9ced6";

/** The layer of tails. */
export class TrackTails {
  #source = new VectorSource();

  /** @param {import("./app_state.js").AppState} app */
  constructor(app) {
    this.app = app;
    this.layer = new VectorLayer({ source: this.#source, className: "track-layer", updateWhileAnimating: true, updateWhileInteracting: true });
    app.on("tails current", () => this.draw());
    app.on("look", (change) => ("tails" in change || "tail" in change) && this.draw());
  }

  /** Draw the tails up to the frame on show. */
  draw() {
    this.#source.clear(true);
    const { tracks, look } = this.app;
    if (!tracks?.places || !look.tails || !this.app.current) return;
    const groups = new Map(); // "colour/age/strong" -> lines
    for (const { track, age, from, to } of segmentsOf(tracks.places, tracks.lineage, tracks.frame)) {
      if (age >= look.tail) continue;
      const strong = tracks.family?.has(track) ?? false;
      if (this.app.filters.family && !strong) continue;
      const step = Math.min(AGES - 1, Math.floor((age * AGES) / look.tail));
      const key = `${numberPlace(track)}/${step}/${strong ? 1 : 0}`;
      if (!groups.has(key)) groups.set(key, []);
      groups.get(key).push([toMap(...from), toMap(...to)]);
    }
    this.#source.addFeatures([...groups].map(([key, lines]) => lineFeature(key.split("/").map(Number), lines, Boolean(tracks.family))));
  }
}

/**
 * Pieces of tails, each from one frame to the next in which the object is seen, and from a mother to her daughters.
 * @param {{track: number[], frame: number[], y: number[], x: number[]}} places  by frame
 * @param {Map<number, {parent: number}>} lineage
 * @param {number} frame  on show
 * @returns {{track: number, age: number, from: number[], to: number[]}[]}  age in frames, 0 for the newest piece
 */
export function segmentsOf(places, lineage, frame) {
  const last = new Map(); // track -> place of its last row
  const pieces = [];
  for (let i = 0; i < places.track.length; i++) {
    const track = places.track[i];
    if (places.frame[i] > frame) continue;
    const before = last.get(track) ?? last.get(lineage.get(track)?.parent);
    if (before !== undefined) pieces.push({ track, age: frame - places.frame[i], from: [places.y[before], places.x[before]], to: [places.y[i], places.x[i]] });
    last.set(track, i);
  }
  return pieces;
}

function lineFeature([colour, age, strong], lines, dimmed) {
  const feature = new Feature(new MultiLineString(lines));
  const alpha = (dimmed && !strong ? 0.35 : 1) * (1 - age / (AGES + 1));
  const hex = Math.round(alpha * 255).toString(16).padStart(2, "0");
  const width = strong ? 4 : 2;
  feature.setStyle([
    new Style({ stroke: new Stroke({ color: `#000000${Math.round(alpha * 150).toString(16).padStart(2, "0")}`, width: width + 2, lineCap: "round" }) }),
    new Style({ stroke: new Stroke({ color: `${dimmed && !strong ? GREY : SERIES[colour]}${hex}`, width, lineCap: "round" }) }),
  ]);
  return feature;
}
