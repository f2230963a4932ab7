#!/usr/bin/env bash
# scikit-image's local mean halves the brightness of the last row of an image whose size the factor does not divide.
# Guess: downscale_local_mean gives the last, smaller block the mean of its pixels, or leaves it out, as OpenCV's
#   INTER_AREA and binning do.
# Seen: of 5 x 5 pixels of 100 it gives 100 inside, 50 in the last row and column and 25 in the corner: the image is
#   padded with 0. block_reduce with np.mean does the same; with np.min it gives 0, with np.median 50 and 0.
# Version: scikit-image==0.26.0 opencv-python-headless==5.0.0.93 numpy==2.4.6
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet scikit-image==0.26.0 opencv-python-headless==5.0.0.93 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
import cv2
import numpy as np
from skimage.measure import block_reduce
from skimage.transform import downscale_local_mean

image = np.full((5, 5), 100.0)
mean = downscale_local_mean(image, (2, 2))
seen = {name: block_reduce(image, (2, 2), getattr(np, name)) for name in ("mean", "min", "median")}
print("local mean:", mean.tolist())
for name, pixels in seen.items():
    print(f"block_reduce, {name}: {pixels.tolist()}")
area = cv2.resize(image, (3, 3), interpolation=cv2.INTER_AREA)
print("OpenCV, INTER_AREA:", area.round(3).tolist())
assert mean.tolist() == [[100, 100, 50], [100, 100, 50], [50, 50, 25]], "scikit-image has changed"
assert (seen["mean"] == mean).all() and seen["min"][2].tolist() == [0, 0, 0], "scikit-image has changed"
assert np.allclose(area, 100)
PYTHON
