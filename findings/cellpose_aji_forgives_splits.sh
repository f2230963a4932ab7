#!/usr/bin/env bash
# cellpose's aggregated Jaccard index divides by the foreground, and so forgives the split nuclei that AJI counts.
# Guess: aggregated_jaccard_index is the AJI of Kumar et al. 2017: what the pairs share, over the sum of their unions and
#   of the predicted objects that are in no pair.
# Seen: where each nucleus is split into halves AJI is 0.333 and cellpose's is 0.5; where the outlines of touching cells
#   are moved by a quarter of a cell, 0.621 and 0.75. It divides by the pixels that are in any object of either image,
#   each counted once. Published values of the two can't be compared.
# Version: cellpose==4.2.1.1 scipy==1.17.1 numpy==2.4.6
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet torch==2.13.0 scipy==1.17.1 numpy==2.4.6 scikit-image==0.26.0 tqdm==4.67.1 \
  opencv-python-headless==5.0.0.93 fastremap==1.21.0 fill-voids==2.1.2
"$folder/venv/bin/pip" install --quiet --no-deps cellpose==4.2.1.1 # its scores need no more than this
cd "$folder"
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import numpy as np
from cellpose.metrics import aggregated_jaccard_index


def by_hand(truth, found):
    """AJI: each true object with the object of largest IoU; objects that no true one took count fully."""
    shared, union, taken = 0, 0, set()
    for number in np.unique(truth[truth > 0]):
        nucleus = truth == number
        others = [(other, (nucleus & (found == other)).sum(), (nucleus | (found == other)).sum())
                  for other in np.unique(found[nucleus & (found > 0)])]
        if not others:
            union += nucleus.sum()
            continue
        best = max(others, key=lambda other: other[1] / other[2])
        shared, union = shared + best[1], union + best[2]
        taken.add(best[0])
    return shared / (union + sum((found == other).sum() for other in np.unique(found[found > 0]) if other not in taken))


def grid(width, shift=0):
    """Touching cells of 16 x `width` pixels in a field of 96 x 96, moved to the right by `shift`."""
    row, column = np.mgrid[:96, :96]
    column = column - shift
    return np.where(column >= 0, 1 + row // 16 * (96 // width) + column // width, 0).astype(np.int32)


seen = {}
for name, found in (("as they are", grid(16)), ("each split into halves", grid(8)), ("moved by a quarter", grid(16, 4))):
    theirs, right = float(aggregated_jaccard_index([grid(16)], [found])[0]), float(by_hand(grid(16), found))
    seen[name] = round(theirs, 3), round(right, 3)
    print(f"touching cells, {name}: cellpose {theirs:.3f}, AJI {right:.3f}")
assert [*seen.values()] == [(1, 1), (0.5, 0.333), (0.75, 0.621)], "cellpose has changed"
PYTHON
