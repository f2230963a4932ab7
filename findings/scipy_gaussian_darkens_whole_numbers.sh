#!/usr/bin/env bash
# SciPy's gaussian_filter and uniform_filter take up to a grey value off images of whole numbers: a third of a dim background.
# Guess: the smoothed image of whole numbers has the mean of the image, within a few hundredths; halves are rounded.
# Seen: noise with the mean 9.50 has 8.50 after gaussian_filter and 8.70 after uniform_filter; a background
#   of 1 and 2 with the mean 1.5 is 1 everywhere. Each pass, one per axis, writes into an array of the image's type and cuts
#   the fraction off: half a grey value an axis, 1.5 in a stack. A flat image is kept. What is left after the smoothed
#   image is subtracted is too bright by as much. With output=float, or of an image of floats, the mean is kept.
# Version: scipy==1.17.1 numpy==2.4.6
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet scipy==1.17.1 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" -W error - <<'PYTHON'
import numpy as np
from scipy import ndimage

random = np.random.default_rng(0)
noise = random.integers(0, 20, (512, 512)).astype(np.uint16)
dark = random.integers(1, 3, (512, 512)).astype(np.uint8)
stack = random.integers(0, 20, (64, 128, 128)).astype(np.uint16)
seen = {}
for name, image in (("noise of 0 to 19", noise), ("background of 1 and 2", dark), ("stack of 0 to 19", stack)):
    smooth = ndimage.gaussian_filter(image, 2)
    exact = ndimage.gaussian_filter(image, 2, output=np.float64)
    box = ndimage.uniform_filter(image, 5)
    seen[name] = [round(float(one.mean()), 1) for one in (image, smooth, box, exact)]
    print("{}: mean {}, after gaussian_filter {}, after uniform_filter {}, with output=float {}".format(name, *seen[name]))
flat = ndimage.gaussian_filter(np.full((64, 64), 100, np.uint8), 2)
print("a flat image of 100:", np.unique(flat))
assert seen["noise of 0 to 19"][:2] == [9.5, 8.5] and seen["noise of 0 to 19"][3] == 9.5, "SciPy has changed"
assert seen["background of 1 and 2"][:2] == [1.5, 1.0] and seen["background of 1 and 2"][3] == 1.5, "SciPy has changed"
assert seen["stack of 0 to 19"][0] - seen["stack of 0 to 19"][1] > 1.4 and (flat == 100).all(), "SciPy has changed"
PYTHON
