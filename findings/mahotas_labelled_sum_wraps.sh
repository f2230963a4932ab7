#!/usr/bin/env bash
# mahotas adds the intensities of an object in the type of the image: in 16 bits the sum starts again at 0 after 65535.
# Guess: labeled_sum(image, labels)[i] is np.sum(image[labels == i]), as its documentation says.
# Seen: of two nuclei of 400 pixels, 160 and 320 bright, the brighter one has the smaller sum: 62464 (for 128000) beside
#   64000. In 8 bits 400 pixels of 200 have the sum 128 for 80000. No error, no warning. scipy.ndimage.sum_labels is
#   right, and so is mahotas with image.astype(float).
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
for dtype, dim, bright in ((np.uint8, 100, 200), (np.uint16, 160, 320), (np.float64, 160, 320)):
    image = np.where(labels == 1, dim, np.where(labels == 2, bright, 0)).astype(dtype)
    found = mahotas.labeled.labeled_sum(image, labels)[1:].tolist()
    right = ndimage.sum_labels(image, labels, [1, 2]).tolist()
    by_hand = [int(image[labels == number].sum(dtype=float)) for number in (1, 2)]
    seen[image.dtype.name] = found
    print(f"{image.dtype}: mahotas {found}, scipy {right}, by hand {by_hand}")
    assert right == by_hand == [400 * dim, 400 * bright]
assert seen["uint8"] == [40000 % 256, 80000 % 256], "mahotas has changed"
assert seen["uint16"] == [64000, 128000 % 65536], "mahotas has changed"
assert seen["float64"] == [64000, 128000], "mahotas has changed"
PYTHON
