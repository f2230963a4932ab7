#!/usr/bin/env bash
# fastremap.renumber gives int64 labels back as int8, and labels of the next tile that are numbered on become negative.
# Guess: renumbered labels have the dtype of the labels, as those of skimage.segmentation.relabel_sequential do.
# Seen: of 100 objects in int64 come 100 objects in int8, the smallest type that holds them. The second tile, numbered
#   on from the first by second[second > 0] += first.max(), has ids from -128 to 127: of 200 objects 73 have a negative
#   id, without an error or a warning. skimage keeps 1 to 200.
# Version: fastremap==1.21.0 scikit-image==0.26.0 numpy==2.4.6
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet fastremap==1.21.0 scikit-image==0.26.0 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" -W error - <<'PYTHON'
import fastremap
import numpy as np
from skimage.segmentation import relabel_sequential


def tile(first_id):
    """100 objects of 4 x 4 pixels, with gaps in their numbers."""
    labels = np.zeros((60, 60), np.int64)
    for number in range(100):
        y, x = 6 * (number // 10), 6 * (number % 10)
        labels[y : y + 4, x : x + 4] = first_id + 7 * number
    return labels


seen = {}
for name, renumber in (("fastremap", fastremap.renumber), ("scikit-image", relabel_sequential)):
    first, second = renumber(tile(300))[0], renumber(tile(5000))[0]
    second[second > 0] += first.max()
    ids = np.union1d(first[first != 0], second[second != 0])
    seen[name] = str(first.dtype), int(ids.min()), int(ids.max()), int((ids < 0).sum())
    print(f"{name}: {first.dtype}, ids from {ids.min()} to {ids.max()}, {(ids < 0).sum()} of {len(ids)} negative")
assert seen["fastremap"] == ("int8", -128, 127, 73), "fastremap has changed"
assert seen["scikit-image"] == ("int64", 1, 200, 0), "scikit-image has changed"
PYTHON
