#!/usr/bin/env bash
# scikit-image's Sauvola threshold is 97 times as high when the same counts are floats: nothing is above it.
# Guess: threshold_sauvola of an image in 12 bits and of the same numbers in float32 is the same, as threshold_niblack
#   is: only numbers of pixels enter it.
# Seen: it is 337 on average in uint16, with 40 % of the background above it, and 32813 in float32, with no pixel of any
#   cell above it. The spread is divided by half the range of the type, 32768 in 16 bits and 1 in floats, even where
#   these hold counts: in the former it hardly matters, and the threshold is 0.8 of the local mean. Niblack is 489 and
#   490.
# Version: scikit-image==0.26.0 numpy==2.4.6
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet scikit-image==0.26.0 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" -W error - <<'PYTHON'
import numpy as np
from skimage.filters import threshold_niblack, threshold_sauvola

row, column = np.mgrid[:128, :128]
image = np.random.default_rng(0).normal(300, 20, (128, 128))
cells = np.zeros((128, 128), bool)
for y, x in ((30, 30), (30, 95), (90, 60)):
    cells |= np.hypot(row - y, column - x) < 12
image[cells] += 1500
seen = {}
for dtype in (np.uint16, np.float32):
    pixels = image.astype(dtype)
    sauvola, niblack = threshold_sauvola(pixels, 51), threshold_niblack(pixels, 51, k=-0.2)
    seen[dtype] = (
        float(sauvola.mean()),
        float((pixels > sauvola)[cells].mean()),
        float((pixels > sauvola)[~cells].mean()),
        float(niblack.mean()),
    )
    print(
        f"{np.dtype(dtype)}: Sauvola {seen[dtype][0]:.0f}, "
        f"above it {seen[dtype][1]:.0%} of cells and {seen[dtype][2]:.0%} of "
        f"background; Niblack {seen[dtype][3]:.0f}"
    )
assert abs(seen[np.uint16][3] - seen[np.float32][3]) < 2 and seen[np.uint16][1] == 1
assert seen[np.uint16][2] > 0.3 and seen[np.float32][0] > 30000, "scikit-image has changed"
assert seen[np.float32][1] == seen[np.float32][2] == 0, "scikit-image has changed"
PYTHON
