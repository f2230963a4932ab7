#!/usr/bin/env bash
# scikit-image marks pixels of the object as its outer boundary where labels are in 64 bits.
# Guess: find_boundaries(labels, mode="outer") marks background next to an object, and the same in every type of whole
#   numbers: a rod of 1 x 5 pixels has an outer boundary of 12 pixels along edges.
# Seen: in 8, 16 and 32 bits they are 12; in int64, which arrays of whole numbers are in NumPy, and in uint64 they are
#   14: both ends of the rod are in it. The boundary of a disc has 18 pixels of the disc. Mean intensities of the ring
#   around an object so hold some of its own. inner and thick are the same in every type.
# Version: scikit-image==0.26.0 numpy==2.4.6
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet scikit-image==0.26.0 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" -W error - <<'PYTHON'
import numpy as np
from skimage.segmentation import find_boundaries

rod = np.zeros((5, 9), int)
rod[2, 2:7] = 1
row, column = np.mgrid[:30, :30]
disc = (np.hypot(row - 15, column - 12) < 8).astype(int)
seen = {}
for dtype in (np.uint8, np.uint16, np.int32, np.int64, np.uint64):
    outer = [find_boundaries(labels.astype(dtype), connectivity=1, mode="outer") for labels in (rod, disc)]
    thick = find_boundaries(disc.astype(dtype), connectivity=1, mode="thick").sum()
    seen[dtype] = (
        int(outer[0].sum()),
        *(int(edge[labels > 0].sum()) for edge, labels in zip(outer, (rod, disc))),
        int(thick),
    )
    print(
        f"{np.dtype(dtype)}: rod {seen[dtype][0]} pixels; "
        f"of the object {seen[dtype][1]}, of the disc's {seen[dtype][2]}"
    )
assert all(seen[dtype][:3] == (12, 0, 0) for dtype in (np.uint8, np.uint16, np.int32))
assert len({values[3] for values in seen.values()}) == 1
assert all(seen[dtype][0] == 14 and seen[dtype][1] == 2 and seen[dtype][2] > 0 for dtype in (np.int64, np.uint64)), (
    "scikit-image has changed"
)
PYTHON
