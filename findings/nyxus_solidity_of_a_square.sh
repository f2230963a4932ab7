#!/usr/bin/env bash
# In Nyxus a square is less solid the smaller it is, and the diameter of a circle of equal area is an area.
# Guess: a square has a solidity of 1, whether small or large, and DIAMETER_EQUAL_AREA of 317 pixels is 20.1, as elsewhere.
# Seen: squares of 5, 20, 100 and 200 pixels have solidities of 0.12, 0.31, 0.68 and 0.81, a disc of 317 pixels 0.41, 1
#   and 0.93 in scikit-image. DIAMETER_EQUAL_AREA is the area times 4 / pi, without the root: 404 for the disc, which is
#   20.1 wide. ASPECT_RATIO of an ellipse of 61 x 31 pixels is 0: whole numbers are divided.
# Version: nyxus==0.11.0 scikit-image==0.26.0 numpy==2.4.6
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet nyxus==0.11.0 scikit-image==0.26.0 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import nyxus
import numpy as np
from skimage.measure import regionprops

row, column = np.mgrid[:300, :300]
further = np.maximum(row, column) - 50  # squares begin at row and column 50
shapes = {f"square of {side}": (np.minimum(row, column) >= 50) & (further < side) for side in (5, 20, 100, 200)}
shapes["disc"] = np.hypot(row - 100, column - 100) <= 10
shapes["ellipse of 61 x 31"] = ((row - 100) / 30) ** 2 + ((column - 100) / 15) ** 2 <= 1
names = ["SOLIDITY", "DIAMETER_EQUAL_AREA", "ASPECT_RATIO"]
image, seen = np.full(row.shape, 100, np.uint32), {}
for name, mask in shapes.items():
    theirs = nyxus.Nyxus(names).featurize(image, mask.astype(np.uint32))[names].iloc[0].tolist()
    (known,) = regionprops(mask.astype(np.uint8))
    seen[name] = (*theirs, known.solidity, known.equivalent_diameter_area, known.area)
    print("{}: solidity {:.2f}, diameter {:.0f}, aspect ratio {:.2f};".format(name, *theirs), end=" ")
    print(f"scikit-image: solidity {known.solidity:.2f}, diameter {known.equivalent_diameter_area:.1f}")
solid = [round(one[0], 2) for one in seen.values()]
assert solid[:4] == [0.12, 0.31, 0.68, 0.81] and all(one[3] > 0.9 for one in seen.values()), "Nyxus has changed"
assert all(abs(one[1] - one[5] * 4 / np.pi) < 0.01 for one in seen.values()), "Nyxus has changed"
assert seen["ellipse of 61 x 31"][2] == 0, "Nyxus has changed"
PYTHON
