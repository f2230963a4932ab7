#!/usr/bin/env bash
# The distance to the background of a mask without background is measured to a pixel above the image's first corner.
# Guess: where there is no background the distance is infinite, or to the image's border, or an error; not one-sided
#   at least.
# Seen: distance_transform_edt of 9 x 9 true pixels is the distance to row -1, column 0, which is not a pixel. So
#   scikit-image's isotropic_erosion of a tile that lies within one object takes 3 pixels at one corner and none at
#   the others, and the same tile turned by half a circle gives other results. OpenCV gives 3.4e38 everywhere.
# Version: scipy==1.17.1 scikit-image==0.26.0 opencv-python-headless==5.0.0.93 numpy==2.4.6
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet scipy==1.17.1 scikit-image==0.26.0 opencv-python-headless==5.0.0.93 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
import cv2
import numpy as np
import scipy.ndimage
import skimage.morphology

whole = np.ones((9, 9), bool)
distance = scipy.ndimage.distance_transform_edt(whole)
row, column = np.mgrid[:9, :9]
eroded = skimage.morphology.isotropic_erosion(whole, 2)
opencv = cv2.distanceTransform(whole.astype(np.uint8), cv2.DIST_L2, 5)
print("scipy, first and last row:", distance[0].round(2), distance[-1].round(2))
print("pixels that isotropic_erosion takes away:", np.argwhere(~eroded).tolist(), "OpenCV's distance:", opencv[4, 4])
assert np.allclose(distance, np.hypot(row + 1, column)), "scipy has changed"
assert np.argwhere(~eroded).tolist() == [[0, 0], [0, 1], [1, 0]], "scikit-image has changed"
assert (opencv > 1e38).all(), "OpenCV has changed"
PYTHON
