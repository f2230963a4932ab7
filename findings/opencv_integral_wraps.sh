#!/usr/bin/env bash
# OpenCV's integral image of 8 bits starts again below 0 from 2147483647 on: 8.4 million white pixels.
# Guess: integral() takes a type that holds the sum of the image that it gets: 64 bits, or floats, where 32 are too few.
# Seen: of 4096 x 4096 pixels of 200 the last sum is -939524096 for 3355443200: the mean of the image is -56. Sums of small
#   windows, taken in int32, are right, since the differences wrap back; as floats or int64 those at the wrap are off
#   by 4294967296. With sdepth=cv2.CV_64F all is right. The sum of squares, of integral2, is float64 by itself.
# Version: opencv-python-headless==5.0.0.93 numpy==2.4.6
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet opencv-python-headless==5.0.0.93 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" -W error - <<'PYTHON'
import cv2
import numpy as np

image = np.full((4096, 4096), 200, np.uint8)
sums, squares = cv2.integral2(image)
right = cv2.integral(image, sdepth=cv2.CV_64F)
print(f"{sums.dtype}: last sum {sums[-1, -1]}, of {int(image.sum(dtype=np.int64))}; with sdepth CV_64F {right[-1, -1]:.0f}")
print(f"squares are {squares.dtype}: {squares[-1, -1]:.0f}; mean of the whole image: {sums[-1, -1] / image.size:.0f}")
means = {}
for kind in (np.int32, np.float64):
    table = sums.astype(kind)
    windows = table[11:, 11:] - table[:-11, 11:] - table[11:, :-11] + table[:-11, :-11]
    means[kind] = float(windows.min()) / 121, float(windows.max()) / 121
    print(f"means of 11 x 11 pixels, from differences of {kind.__name__}: {means[kind][0]:.0f} to {means[kind][1]:.0f}")
assert sums.dtype == np.int32 and sums[-1, -1] == 200 * 4096**2 - 2**32, "OpenCV has changed"
assert means[np.int32] == (200, 200) and means[np.float64][1] > 1e7, "OpenCV has changed"
assert right[-1, -1] == 200 * 4096**2 and squares[-1, -1] == 200**2 * 4096**2
PYTHON
