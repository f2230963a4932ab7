#!/usr/bin/env bash
# scikit-image's Manders overlap coefficient finds two stains together that lie apart, in images of 8, 12 or 16 bits.
# Guess: manders_overlap_coeff of two images is that of the same numbers as floats, as pearson_corr_coeff is, and at most 1.
# Seen: two stains in other places, whose coefficient is 0.53 by hand and as floats: as uint8 it is 1.05, in 12 bits 0.96, in
#   16 bits 0.93. In the same places, where it is 1.00, they give 1.18, 0.96 and 0.89. The products of intensities wrap
#   around in the type of the images (255 in 8 bits, 65535 in 12 and 16). No error, no warning.
# Version: scikit-image==0.26.0 numpy==2.4.6
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet scikit-image==0.26.0 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" -W error - <<'PYTHON'
import numpy as np
from skimage.measure import manders_overlap_coeff, pearson_corr_coeff

rng = np.random.default_rng(0)
row, column = np.mgrid[:128, :128]
cells = np.zeros((128, 128))
for y, x in rng.integers(10, 118, (20, 2)):
    cells = np.maximum(cells, np.exp(-((row - y) ** 2 + (column - x) ** 2) / 50))
elsewhere = np.roll(cells, 40, axis=1)
seen = {}
for name, bits, dtype in (("8 bits", 8, np.uint8), ("12 bits", 12, np.uint16), ("16 bits", 16, np.uint16)):
    top = 2**bits - 1
    red = (top * (0.05 + 0.9 * cells)).astype(dtype)
    for which, source in (("together", cells), ("apart", elsewhere)):
        green = (top * (0.05 + 0.6 * source)).astype(dtype)
        one, two = red.astype(float), green.astype(float)
        by_hand = (one * two).sum() / np.sqrt((one**2).sum() * (two**2).sum())
        found, floats = manders_overlap_coeff(red, green), manders_overlap_coeff(one, two)
        pearson = abs(pearson_corr_coeff(red, green)[0] - pearson_corr_coeff(one, two)[0])
        seen[name, which] = round(float(found), 2), round(float(floats), 2), round(float(by_hand), 2)
        print(f"{name}, stains {which}: {found:.2f}, as floats {floats:.2f}, by hand {by_hand:.2f}")
        assert pearson < 1e-9 and abs(floats - by_hand) < 1e-9
apart, together = ([seen[name, which][0] for name in ("8 bits", "12 bits", "16 bits")] for which in ("apart", "together"))
assert apart == [1.05, 0.96, 0.93] and together == [1.18, 0.96, 0.89], "scikit-image has changed"
PYTHON
