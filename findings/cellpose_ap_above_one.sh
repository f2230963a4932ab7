#!/usr/bin/env bash
# cellpose's average precision is above 1, or infinite, where cells leave no background in an image.
# Guess: average_precision of a confluent layer against itself is 1, as of any other image.
# Seen: TP is 36, FP and FN are -1 each, and AP is 1.059 for 36 cells; for 2 cells it is infinite. Objects are counted as
#   the values that occur, less one for the background, whether it is there or not. With one pixel of background in the
#   truth AP is 1.029 for the same result, and with one in both it is 1. stardist's matching gives 1 in all cases.
# Version: cellpose==4.2.1.1 stardist==0.9.2 scipy==1.17.1 numpy==2.4.6
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet torch==2.13.0 scipy==1.17.1 numpy==2.4.6 scikit-image==0.26.0 tqdm==4.67.1 \
  opencv-python-headless==5.0.0.93 fastremap==1.21.0 fill-voids==2.1.2 stardist==0.9.2
"$folder/venv/bin/pip" install --quiet --no-deps cellpose==4.2.1.1 # its scores need no more than this
cd "$folder"
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import numpy as np
from cellpose.metrics import average_precision
from stardist.matching import matching

row, column = np.mgrid[:96, :96]
cells, two = 1 + row // 16 * 6 + column // 16, 1 + column // 48
with_background = cells.copy()
with_background[0, 0] = 0
cases = {
    "2 cells, no background": (two, two),
    "36 cells, no background": (cells, cells),
    "36 cells, background in the truth": (with_background, cells),
    "36 cells, background in both": (with_background, with_background),
}
seen = {}
for name, (truth, found) in cases.items():
    ap, tp, fp, fn = (float(values[0]) for values in average_precision(truth, found, threshold=[0.5]))
    seen[name] = round(ap, 3)
    theirs = matching(truth, found, thresh=0.5).accuracy
    print(f"{name}: cellpose AP {ap:.3f} (TP {tp:.0f}, FP {fp:.0f}, FN {fn:.0f}), stardist {theirs:.3f}")
    assert theirs == 1
assert [*seen.values()] == [np.inf, 1.059, 1.029, 1.0], "cellpose has changed"
PYTHON
