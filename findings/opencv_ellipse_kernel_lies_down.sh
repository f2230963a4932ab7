#!/usr/bin/env bash
# OpenCV's elliptic kernel of 5 x 5 is wider than high: a disc that is dilated with it becomes an ellipse.
# Guess: MORPH_ELLIPSE with equal sides is a disc, the same when turned by 90 degrees.
# Seen: of 5 x 5 it is three full rows and a single pixel above and below, 17 pixels; of 7, 9 and 11 it is not symmetric,
#   either. A disc of radius 10, dilated 10 times by 5 x 5, is 63.7 long and 57.0 wide, with the long axis along the rows:
#   an eccentricity of 0.45 for 0. One pixel becomes 43.2 x 36.9. Eroding does the opposite to objects. By the disc of
#   scikit-image it stays round.
# Version: opencv-python-headless==5.0.0.93 scikit-image==0.26.0 numpy==2.4.6
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet opencv-python-headless==5.0.0.93 scikit-image==0.26.0 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" -W error - <<'PYTHON'
import cv2
import numpy as np
from skimage.measure import regionprops
from skimage.morphology import disk

row, column = np.mgrid[:201, :201]
cell = (np.hypot(row - 100, column - 100) <= 10).astype(np.uint8)
seen = {}
for name, kernel in (
    ("OpenCV", cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (5, 5))),
    ("scikit-image", disk(2)),
):
    grown = cv2.dilate(cell, kernel, iterations=10)
    shape = regionprops(grown)[0]
    turned = cv2.dilate(cell, np.ascontiguousarray(kernel.T), iterations=10)
    seen[name] = shape.axis_major_length, shape.axis_minor_length, shape.eccentricity
    print(f"{name}: kernel of {kernel.sum()}, symmetric {bool((kernel == kernel.T).all())}; axes {seen[name][0]:.1f} and "
          f"{seen[name][1]:.1f}, eccentricity {seen[name][2]:.2f}, {int((grown != turned).sum())} pixels differ if turned")
assert seen["scikit-image"][2] < 0.01
assert 0.44 < seen["OpenCV"][2] < 0.46, "OpenCV has changed"
for size in (7, 9, 11):
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))
    assert (kernel != kernel.T).any(), "OpenCV has changed"
PYTHON
