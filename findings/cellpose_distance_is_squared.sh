#!/usr/bin/env bash
# cellpose's distance_to_boundary returns squares of distances.
# Guess: the distance of a pixel to the boundary of its cell is in pixels, as its documentation says.
# Seen: from the border of a square of 20 pixels inwards it is 0, 1, 4, 9, ... 81; its boundary pixels are at 0. The mean
#   over the cell is 13.7 for 2.9. A profile of intensity by it is stretched towards the middle, without an error.
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
from cellpose.utils import distance_to_boundary

labels = np.zeros((40, 40), np.int32)
labels[10:30, 10:30] = 1
row, column = np.nonzero(labels)
found = distance_to_boundary(labels)
right = np.minimum.reduce([row - 10, 29 - row, column - 10, 29 - column])
print(f"from the border inwards {found[20, 10:20].astype(int).tolist()}")
print(f"mean {found[labels > 0].mean():.1f}, of distances {right.mean():.1f}")
assert "The distance to the boundary" in distance_to_boundary.__doc__
assert np.allclose(found[row, column], right**2.0) and found.max() == 81, "cellpose has changed"
PYTHON
