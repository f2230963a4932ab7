#!/usr/bin/env bash
# fastmorph's spherical_open makes objects larger, and its spherical_erode by radius 1 takes nothing away.
# Guess: an opening takes thin parts away and adds no pixel; an erosion by radius 1 takes the outermost pixels.
# Seen: a disc of 317 pixels, opened with radius 1, has 377, 349 with radius 2 and 333 with radius 3: each time it gains its
#   whole rim, and a spot of one pixel becomes 5. spherical_erode keeps pixels whose distance from the background is equal
#   to the radius, which those of the rim have for radius 1, while spherical_dilate adds such pixels. scikit-image's opening
#   and isotropic_opening leave the 317 pixels, and fastmorph's own opening by a square adds none either.
# Version: fastmorph==1.10.0 scikit-image==0.26.0 scipy==1.17.1 numpy==2.4.6
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet fastmorph==1.10.0 scikit-image==0.26.0 scipy==1.17.1 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" -W error::RuntimeWarning - <<'PYTHON'
import fastmorph
import numpy as np
from skimage.morphology import disk, isotropic_opening, opening

row, column = np.mgrid[:101, :101]
disc = (np.hypot(row - 50, column - 50) <= 10).astype(np.uint8)
spot = np.zeros_like(disc)
spot[50, 50] = 1
seen = {}
for radius in (1, 2, 3):
    opened = fastmorph.spherical_open(disc, radius=radius)
    eroded = fastmorph.spherical_erode(disc, radius=radius)
    right = [int(isotropic_opening(disc, radius).sum()), int(opening(disc, disk(radius)).sum())]
    seen[radius] = int(opened.sum()), int(eroded.sum())
    print(f"disc of {disc.sum()}, radius {radius}: fastmorph opened {opened.sum()}, eroded {eroded.sum()}, ", end="")
    print("scikit-image opened {}, {}".format(*right))
    assert (opened >= disc).all() and max(right) <= disc.sum()
spots = int(fastmorph.spherical_open(spot, radius=1).sum())
box = int(fastmorph.opening(disc).sum())
print(f"spot of 1, radius 1: {spots}; disc opened with fastmorph's square: {box}")
assert seen == {1: (377, 317), 2: (349, 241), 3: (333, 177)} and spots == 5, "fastmorph has changed"
assert box <= disc.sum()
PYTHON
