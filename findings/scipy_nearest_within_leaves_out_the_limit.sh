#!/usr/bin/env bash
# SciPy's KD-tree, asked for the nearest within 10 pixels, leaves out what is at 10; asked for all within 10 it doesn't.
# Guess: query(distance_upper_bound=10) and query_ball_point(r=10) agree on whether a neighbour at a distance of 10
#   counts.
# Seen: whole-pixel centroids that move by (6, 8) a frame, and a limit of 10: query links none of 50 cells,
#   query_ball_point, query_pairs, count_neighbors and sparse_distance_matrix find all 50. So a cell at the limit is
#   lost by a tracker that asks for the nearest one. tracksdata 0.1.0rc12 makes no edge, either.
# Version: scipy==1.17.1 numpy==2.4.6
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet scipy==1.17.1 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" -W error - <<'PYTHON'
import numpy as np
from scipy.spatial import KDTree

before = np.argwhere(np.ones((5, 10))) * 100.0
after = before + (6, 8)  # every cell moves by 10 pixels
tree, other = KDTree(after), KDTree(before)
distance, _ = tree.query(before, distance_upper_bound=10)
_, index = tree.query(before, distance_upper_bound=np.nextafter(10, 11))
found = {
    "query": int(np.isfinite(distance).sum()),
    "query, of the next larger number": int((index == np.arange(50)).sum()),
    "query_ball_point": sum(len(one) for one in tree.query_ball_point(before, 10)),
    "count_neighbors": int(other.count_neighbors(tree, 10)),
    "sparse_distance_matrix": other.sparse_distance_matrix(tree, 10).nnz,
    "query_pairs": len(KDTree(np.vstack([before, after])).query_pairs(10)),
}
for name, count in found.items():
    print(f"{name}: {count} of 50 cells are within 10 pixels of where they were")
assert found.pop("query") == 0 and set(found.values()) == {50}, "SciPy has changed"
PYTHON
