// Turns places of the image into places of the map, and back.
//
// The map's y axis points up and its corner of the image is (0, 0), while the centre of the image's first pixel is (0, 0).

/** Map coordinate of a pixel. */
export const toMap = (y, x) => [x + 0.5, -(y + 0.5)];

/** Pixel (y, x), with fractions, of a map coordinate. */
export const toPixel = ([x, y]) => [-y - 0.5, x - 0.5];

/** Resolutions of the levels, coarsest first; `finer` more than the image has. */
export const resolutions = (levels, finer) => Array.from({ length: levels + finer }, (_, z) => 2 ** (levels - 1 - z));

/**
 * The line across an object's middle, along its shorter axis: where two touching nuclei are most often joined.
 * @param {{y: number, x: number, orientation: number, length: number}} object  orientation in radians from the y axis
 * @returns {number[][]} two points (y, x)
 */
export function middleLine({ y, x, orientation, length }) {
  const [dy, dx] = [-Math.sin(orientation) * length, Math.cos(orientation) * length];
  return [[y - dy, x - dx], [y + dy, x + dx]];
}
