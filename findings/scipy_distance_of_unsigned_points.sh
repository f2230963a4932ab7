#!/usr/bin/env bash
# SciPy's distance.euclidean of unsigned coordinates or colours is wrong; cdist of the same numbers is right.
# Guess: scipy.spatial.distance gives one distance for two points, whichever of its functions is called.
# Seen: from (200, 10) to (250, 100) in 8 bits euclidean is 264.6 for 103.0, cityblock 372 for 140, chebyshev 206 for 90;
#   in 16 bits, as of positions, 92583 for 103.0. From (250, 100) to (200, 10) all are right: differences below 0 start
#   again at the top. cdist, pdist and KD-trees are right. With a link cost by it cells move in one direction only.
# Version: scipy==1.17.1 numpy==2.4.6
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet scipy==1.17.1 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" -W error - <<'PYTHON'
import numpy as np
from scipy.spatial import distance

seen = {}
for dtype in (float, np.uint8, np.uint16):
    first, second = np.array([200, 10], dtype), np.array([250, 100], dtype)
    for name in ("euclidean", "cityblock", "chebyshev"):
        there, back = (float(getattr(distance, name)(*pair)) for pair in ((first, second), (second, first)))
        right = float(distance.cdist([first], [second], name)[0, 0])
        seen[dtype, name] = there, back, right
        print(f"{np.dtype(dtype)}, {name}: {there:.1f}, from the other end {back:.1f}, cdist {right:.1f}")
for (dtype, name), (there, back, right) in seen.items():
    assert np.isclose(right, seen[float, name][0]) and np.isclose(back, right)
    assert np.isclose(there, right) if dtype is float else there > 1.5 * right, "SciPy has changed"
PYTHON
