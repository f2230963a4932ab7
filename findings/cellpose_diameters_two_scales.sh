#!/usr/bin/env bash
# cellpose.utils.diameters gives the median diameter on one scale and the diameter of each cell on another.
# Guess: the median that it returns is the median of the array that it returns, and both are diameters of discs.
# Seen: of discs of radius 10 (317 pixels) the median is 20.09, and each of the array 17.80: these are square roots of areas,
#   the sides of squares, and only the median is divided by 0.886. A table of its diameters is 11 % too small; the area
#   of a disc of this diameter is 249 pixels. scikit-image's equivalent_diameter_area is 20.09.
# Version: cellpose==4.2.1.1 scikit-image==0.26.0 numpy==2.4.6
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet torch==2.13.0 scipy==1.17.1 numpy==2.4.6 scikit-image==0.26.0 tqdm==4.67.1 \
  opencv-python-headless==5.0.0.93 fastremap==1.21.0 fill-voids==2.1.2
"$folder/venv/bin/pip" install --quiet --no-deps cellpose==4.2.1.1 # its utilities need no more than this
cd "$folder"
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import numpy as np
from cellpose.utils import diameters
from skimage.measure import regionprops_table

row, column = np.mgrid[:96, :96]
labels = np.zeros((96, 96), np.int32)
for number, (y, x) in enumerate(((20, 20), (20, 70), (70, 40)), start=1):
    labels[np.hypot(row - y, column - x) <= 10] = number
median, each = diameters(labels)
theirs = regionprops_table(labels, properties=("area", "equivalent_diameter_area"))
print("pixels:", theirs["area"].astype(int).tolist())
print(f"cellpose: median {median:.2f}, of each {each.round(2).tolist()}, median of these {np.median(each):.2f}")
print("scikit-image:", theirs["equivalent_diameter_area"].round(2).tolist())
print(f"pixels of a disc of the diameter of each: {(np.pi / 4 * each**2).round().astype(int).tolist()}")
assert abs(median - theirs["equivalent_diameter_area"][0]) < 1e-6, "cellpose has changed"
assert np.allclose(each, np.sqrt(theirs["area"])) and np.median(each) < 0.89 * median, "cellpose has changed"
PYTHON
