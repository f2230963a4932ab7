#!/usr/bin/env bash
# SimpleITK takes the whole part of a number for an image of whole numbers: half of the image is 0 everywhere.
# Guess: image * 0.5 of 8 or 16 bits is half of it, rounded or as floats, and image > 100.5 is what NumPy says.
# Seen: 100 and 200 become 0 and 0 by * 0.5, 100 and 200 by * 1.5, 1 and 1 by ** 0.5; / 2.5 gives 50 and 100, in floats,
#   and / 0.5 infinity. 100 < 100.5 is false and 100 == 100.5 true. A gain or a flat field near 1 changes nothing, below
#   1 it leaves nothing. Of an image of floats all are right. No error, no warning.
# Version: simpleitk==2.5.7 numpy==2.4.6
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet simpleitk==2.5.7 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" -W error - <<'PYTHON'
import numpy as np
import SimpleITK as sitk

steps = {
    "* 0.5": lambda image: image * 0.5,
    "* 1.5": lambda image: image * 1.5,
    "/ 2.5": lambda image: image / 2.5,
    "/ 0.5": lambda image: image / 0.5,
    "** 0.5": lambda image: image**0.5,
    "+ 0.6": lambda image: image + 0.6,
    "< 100.5": lambda image: image < 100.5,
    "== 100.5": lambda image: image == 100.5,
}
seen = {}
for name, step in steps.items():
    values = []
    for kind in (np.uint16, np.float32):
        pixels = np.array([[100, 200]], kind)
        result = sitk.GetArrayFromImage(step(sitk.GetImageFromArray(pixels)))
        values.append(result.ravel().astype(float).round(2).tolist())
    seen[name] = values
    print("(100, 200) {}: {} in 16 bits, {} in floats".format(name, *values))
infinite = float("inf")
assert [one[0] for one in seen.values()] == [
    [0, 0],
    [100, 200],
    [50, 100],
    [infinite, infinite],
    [1, 1],
    [100, 200],
    [0, 0],
    [1, 0],
], "SimpleITK has changed"
assert [one[1] for one in seen.values()][:3] == [[50, 100], [150, 300], [40, 80]]
PYTHON
