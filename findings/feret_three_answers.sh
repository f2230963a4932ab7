#!/usr/bin/env bash
# How long is a square of 10 x 10 pixels? Two libraries give two greatest Feret diameters, and geometry a third.
# Guess: one square, one answer: from corner to corner, the square root of 200 = 14.14.
# Seen: scikit-image gives 13.45, of an outline through the middles of the pixels' edges (each pixel is a diamond),
#   cp_measure (CellProfiler's code) 12.73, from centre to centre of the corner pixels. Least diameter by cp_measure: 9,
#   of a square 10 pixels wide. The smaller the object, the more it matters: of 4 x 4 pixels 5.66, 5.00 and 4.24.
# Version: scikit-image==0.26.0 cp_measure==0.3.0
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet scikit-image==0.26.0 cp_measure==0.3.0
cd "$folder"
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import numpy as np
from cp_measure.bulk import get_core_measurements
from skimage.measure import regionprops

seen = {}
for side in (10, 4):
    labels = np.zeros((side + 10, side + 10), int)
    labels[5 : 5 + side, 5 : 5 + side] = 1
    outline = regionprops(labels)[0].feret_diameter_max
    found = get_core_measurements()["feret"](labels, labels.astype(float))
    centres, least = (float(np.ravel(found[f"{kind}FeretDiameter"])[0]) for kind in ("Max", "Min"))
    corners = float(np.hypot(side, side))
    seen[side] = tuple(round(value, 2) for value in (corners, outline, centres, least))
    print(f"{side} x {side} pixels: corners {corners:.2f}, scikit-image {outline:.2f}, cp_measure {centres:.2f}, least {least:.2f}")
assert seen == {10: (14.14, 13.45, 12.73, 9.0), 4: (5.66, 5.0, 4.24, 3.0)}, "a library has changed"
PYTHON
