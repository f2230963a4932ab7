#!/usr/bin/env bash
# OpenCV's watershed makes the outermost pixels of the image a boundary: no object touches the border any more.
# Guess: watershed gives every pixel to the marker whose basin it is in, and -1 to the lines between basins; a nucleus
#   that is cut off by the border of the image reaches that border.
# Seen: all 316 pixels along the border of an image of 80 x 80 are -1, beside a line of 78 between two objects, also
#   where a marker covered them. A test for objects at the border so finds none, and each nucleus there is a pixel
#   smaller. scikit-image's watershed reaches the border.
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
from skimage.segmentation import watershed

image = np.zeros((80, 80, 3), np.uint8)
image[:, 40:] = 200
markers = np.zeros((80, 80), np.int32)
markers[:10, :10], markers[40:50, 70:] = 1, 2
labels = cv2.watershed(image, markers.copy())
edge = np.ones((80, 80), bool)
edge[1:-1, 1:-1] = False
right = watershed(cv2.Sobel(image[..., 0], cv2.CV_32F, 1, 0), markers)
print(
    f"border: {edge.sum()} pixels, {int((labels[edge] == -1).sum())} of them -1; "
    f"inside {int((labels[~edge] == -1).sum())}"
)
print(
    f"objects at the border: {sorted(set(labels[edge].tolist()) - {-1})}, "
    f"scikit-image {sorted(set(right[edge].tolist()))}"
)
assert sorted(set(right[edge].tolist())) == [1, 2] and set(labels[~edge].tolist()) == {-1, 1, 2}
assert (labels[edge] == -1).all(), "OpenCV has changed"
PYTHON
