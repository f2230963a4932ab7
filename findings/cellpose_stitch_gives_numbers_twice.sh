#!/usr/bin/env bash
# cellpose's stitch3D gives cells of different places the same number, after an empty plane and where one cell splits.
# Guess: cells of two planes get the same number if they overlap by more than the threshold; every other cell gets a number
#   of its own.
# Seen: a plane with cells 1 and 2, an empty plane and a plane with three cells elsewhere: the last are 1, 2 and 3, so that
#   the stack has 3 cells instead of 5, and two of them lie at two places. With two planes of the first cells, before the
#   empty one, it has 5. A cell of 100 pixels above two of 50, its halves, and both of these get its number. No warning.
# Version: cellpose==4.2.1.1 scikit-image==0.26.0 numpy==2.4.6
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet torch==2.13.0 scipy==1.17.1 numpy==2.4.6 scikit-image==0.26.0 tqdm==4.67.1 \
  opencv-python-headless==5.0.0.93 fastremap==1.21.0 fill-voids==2.1.2
"$folder/venv/bin/pip" install --quiet --no-deps cellpose==4.2.1.1 # its utilities need no more than this
cd "$folder"
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import numpy as np
from cellpose.utils import stitch3D


def plane(*corners, height=10, width=10):
    labels = np.zeros((80, 80), np.int32)
    for id_, (y, x) in enumerate(corners, 1):
        labels[y : y + height, x : x + width] = id_
    return labels


above, below, empty = plane((5, 5), (5, 40)), plane((40, 5), (40, 25), (40, 60)), plane()
seen = {}
for name, planes in {
    "cells, empty, others": (above, empty, below),
    "cells twice, empty, others": (above, above, empty, below),
    "one, its halves": (plane((5, 5)), plane((5, 5), (5, 10), width=5)),
}.items():
    stitched = stitch3D(np.stack(planes))
    ids = [np.unique(one[one > 0]).tolist() for one in stitched]
    seen[name] = ids, len(np.unique(stitched)) - 1
    print(f"{name}: numbers {ids}, {seen[name][1]} cells")
assert seen["cells twice, empty, others"] == ([[1, 2], [1, 2], [], [3, 4, 5]], 5)
assert seen["cells, empty, others"] == ([[1, 2], [], [1, 2, 3]], 3), "cellpose has changed"
assert seen["one, its halves"] == ([[1], [1]], 1), "cellpose has changed"
PYTHON
