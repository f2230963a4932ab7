#!/usr/bin/env bash
# One NaN pixel makes a local mean NaN to the end of its row and of every column after it.
# Guess: uniform_filter of size 3 with one NaN gives 9 NaN pixels, as gaussian_filter stays within its window.
# Seen: with the NaN at (10, 10) of 50 x 50 pixels, 1681 pixels are NaN: all below and to the right of it, since the
#   mean is a running sum. OpenCV's blur gives 123, all below it in three columns. gaussian_filter gives 81.
#   Background and local contrast of a registered or stitched image vanish in most of the field.
# Version: scipy==1.17.1 opencv-python-headless==5.0.0.93 numpy==2.4.6
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet scipy==1.17.1 opencv-python-headless==5.0.0.93 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
import cv2
import numpy as np
import scipy.ndimage

pixels = np.ones((50, 50), np.float32)
pixels[10, 10] = np.nan
lost = {
    "scipy uniform_filter": np.isnan(scipy.ndimage.uniform_filter(pixels, 3)),
    "OpenCV blur": np.isnan(cv2.blur(pixels, (3, 3))),
    "scipy gaussian_filter": np.isnan(scipy.ndimage.gaussian_filter(pixels, 1)),
}
for name, where in lost.items():
    rows, columns = np.nonzero(where)
    print(f"{name}: {where.sum()} NaN, rows {rows.min()} to {rows.max()}, columns {columns.min()} to {columns.max()}")
assert [int(where.sum()) for where in lost.values()] == [1681, 123, 81], "a filter has changed"
assert lost["scipy uniform_filter"][9:, 9:].all(), "scipy has changed"
PYTHON
