#!/usr/bin/env bash
# image-js fits a disc with an ellipse that is twice as long as wide.
# Guess: the ellipse of a region has the axes that scikit-image and ImageJ give: 40 and 40 for a disc of radius 20, 46.2
#   and 11.5 for a rod of 40 x 10 pixels.
# Seen: they are 56.3 and 28.2 for the disc, 2 : 1 as for any round or square cell, whichever its size, and 30.2 and
#   16.9 for the rod. The areas of the ellipses are right, as the axes are scaled to them.
# Version: image-js==1.7.0, of npm
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --prefix "$folder" image-js@1.7.0
cat > seen.mjs <<'JAVASCRIPT'
import assert from "node:assert";
import { Image, fromMask } from "image-js";

const shapes = {
  "disc of radius 10": [(x, y) => Math.hypot(x - 40, y - 40) < 10, 1],
  "disc of radius 20": [(x, y) => Math.hypot(x - 40, y - 40) < 20, 1],
  "square of 20": [(x, y) => x >= 20 && x < 40 && y >= 20 && y < 40, 1],
  "rod of 40 x 10": [(x, y) => x >= 20 && x < 60 && y >= 20 && y < 30, 4],
};
const seen = {};
for (const [name, [inside, right]] of Object.entries(shapes)) {
  const image = new Image(80, 80, { colorModel: "GREY", bitDepth: 8 });
  for (let y = 0; y < 80; y++) for (let x = 0; x < 80; x++) image.setValue(x, y, 0, inside(x, y) ? 255 : 0);
  const [roi] = fromMask(image.threshold({ threshold: 0.5 })).getRois({ kind: "white" });
  const [major, minor] = [roi.ellipse.majorAxis.length, roi.ellipse.minorAxis.length];
  seen[name] = major / minor;
  const axes = `${major.toFixed(1)} and ${minor.toFixed(1)}`;
  console.log(`${name}: ${roi.surface} pixels, axes ${axes}, ratio ${seen[name].toFixed(2)} for ${right}`);
  assert(Math.abs((Math.PI / 4) * major * minor - roi.surface) < 1, name);
}
assert(Object.values(seen).slice(0, 3).every((ratio) => Math.abs(ratio - 2) < 0.01), "image-js has changed");
assert(Math.abs(seen["rod of 40 x 10"] - 1.79) < 0.05, "image-js has changed");
JAVASCRIPT
node seen.mjs
