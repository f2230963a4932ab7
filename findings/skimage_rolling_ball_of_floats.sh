#!/usr/bin/env bash
# scikit-image's rolling_ball takes the nuclei away with the background when the image is in floats from 0 to 1.
# Guess: a ball with a radius of 50 pixels, far above that of the nuclei, leaves them on a background of 0, in any unit of
#   grey values, as a top-hat does.
# Seen: nuclei of 20 pixels across, 2000 above a background of 300 to 430, are 2010 high afterwards in 12 bits, 1947 in 8
#   bits and 0 in floats from 0 to 1: the radius holds for grey values, too, and a ball that is 50 high fits into every
#   nucleus of a height of 0.5. What img_as_float or a normalisation gives is subtracted from itself. No warning.
# Version: scikit-image==0.26.0 numpy==2.4.6
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet scikit-image==0.26.0 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" -W error - <<'PYTHON'
import numpy as np
from skimage.restoration import rolling_ball

row, column = np.mgrid[:128, :128]
nuclei = np.zeros((128, 128))
for y, x in ((30, 30), (30, 95), (90, 60)):
    nuclei += 2000 / (1 + np.exp((np.hypot(row - y, column - x) - 10) / 1.5))
image = nuclei + 300 + row
seen = {}
for name, one in (("12 bits", 1), ("8 bits", 4095 / 255), ("floats from 0 to 1", 4095)):
    left = (image / one - rolling_ball(image / one, radius=50)) * one
    seen[name] = float(left[28:33, 28:33].mean()), float(np.median(left))
    print(f"{name}: nuclei {seen[name][0]:.0f} high, background {seen[name][1]:.1f}")
assert all(abs(seen[name][0] / 2000 - 1) < 0.05 for name in ("12 bits", "8 bits"))
assert seen["floats from 0 to 1"][0] < 1, "scikit-image has changed"
PYTHON
