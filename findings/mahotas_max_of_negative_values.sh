#!/usr/bin/env bash
# mahotas gives the maximum of an object whose values are all negative as 2.2e-308, that is 0.
# Guess: labeled_max(image, labels)[i] is np.max(image[labels == i]), as its documentation says, of any type.
# Seen: objects of -5 and -2, as after a background was subtracted or a filter like a Laplacian, have the maximum 2.2e-308 in
#   float64 and 1.2e-38 in float32, the least positive number instead of the lowest one. labeled_min is right, and so is
#   labeled_max in int16. No error, no warning. scipy.ndimage.maximum is right.
# Version: mahotas==1.4.19 scipy==1.17.1 numpy==2.4.6
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet mahotas==1.4.19 scipy==1.17.1 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" -W error - <<'PYTHON'
import mahotas
import numpy as np
from scipy import ndimage

labels = np.zeros((64, 64), np.int32)
labels[4:24, 4:24], labels[34:54, 34:54] = 1, 2
seen = {}
for dtype in (np.int16, np.float32, np.float64):
    image = np.select([labels == 1, labels == 2], [-5, -2], 0).astype(dtype)
    largest = mahotas.labeled.labeled_max(image, labels)[1:].tolist()
    smallest = mahotas.labeled.labeled_min(image, labels)[1:].tolist()
    right = ndimage.maximum(image, labels, [1, 2]).tolist()
    seen[image.dtype.name] = largest
    print(f"{image.dtype}: maxima in mahotas {largest}, in scipy {right}; minima in mahotas {smallest}")
    assert right == smallest == [-5, -2]
assert seen["int16"] == [-5, -2]
for dtype in (np.float32, np.float64):
    assert seen[np.dtype(dtype).name] == [float(np.finfo(dtype).tiny)] * 2, "mahotas has changed"
PYTHON
