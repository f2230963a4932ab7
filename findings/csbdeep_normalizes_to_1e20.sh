#!/usr/bin/env bash
# The normalisation of StarDist and CARE makes 1e20 of the nuclei of an image in which few pixels are not 0.
# Guess: csbdeep.utils.normalize brings the upper percentile to 1; where both percentiles are 0 it leaves the image as it
#   is, or divides by its maximum.
# Seen: of 256 x 256 pixels with a background of 0 and one nucleus of 69 pixels of 1000 to 2000 the percentiles 3 and 99.8
#   are 0, and the nucleus is 1e23 to 2e23 afterwards: the difference is divided by 1e-20. With 3 nuclei the same image
#   is right. Backgrounds of 0 come from masked, deconvolved and background-subtracted images. No warning.
# Version: csbdeep==0.8.2 numpy==2.4.6
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet csbdeep==0.8.2 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import numpy as np
from csbdeep.utils import normalize

row, column = np.mgrid[:256, :256]
seen = {}
for count in (1, 3):
    image = np.zeros((256, 256), np.uint16)
    for index in range(count):
        away = np.hypot(row - 50 - 60 * index, column - 100)
        image[away < 5] = (2000 - 200 * away[away < 5]).astype(np.uint16)
    high = np.percentile(image, 99.8)
    normal = normalize(image)
    seen[count] = float(normal.max())
    print(f"{count} nuclei, {(image > 0).sum()} pixels: percentile 99.8 is {high:.0f}; maximum {image.max()} becomes {seen[count]:.3g}")
assert 1 <= seen[3] < 3
assert seen[1] > 1e20, "csbdeep has changed"
PYTHON
