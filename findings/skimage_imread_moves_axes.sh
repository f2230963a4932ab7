#!/usr/bin/env bash
# skimage.io.imread takes a stack of 3 or 4 planes for a colour picture and moves its axes; of 5 planes it does not.
# Guess: imread of a TIFF stack of n grey planes, marked as such (axes ZYX in its OME metadata), is (n, Y, X) for
#   every n.
# Seen: 3 and 4 planes come as (Y, X, 3) and (Y, X, 4), in silence; 2 and 5 planes as (n, Y, X). tifffile.imread
#   gives (n, Y, X) for all. A z-stack or time series is then handled as RGB or RGBA, plane 4 as transparency.
# Version: scikit-image==0.26.0 tifffile==2026.3.3 numpy==2.4.6
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet scikit-image==0.26.0 tifffile==2026.3.3 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
import numpy as np
import skimage.io
import tifffile

seen = {}
for planes in (2, 3, 4, 5):
    stack = np.zeros((planes, 64, 80), np.uint16)
    tifffile.imwrite("stack.ome.tif", stack, ome=True, photometric="minisblack", metadata={"axes": "ZYX"})
    seen[planes] = skimage.io.imread("stack.ome.tif").shape
    print(f"{planes} planes: scikit-image {seen[planes]}, tifffile {tifffile.imread('stack.ome.tif').shape}")
    assert tifffile.imread("stack.ome.tif").shape == stack.shape
assert seen == {2: (2, 64, 80), 3: (64, 80, 3), 4: (64, 80, 4), 5: (5, 64, 80)}, "scikit-image has changed"
PYTHON
