#!/usr/bin/env bash
# stardist.fill_label_holes erases an object that lies within another, if its number is the lower one.
# Guess: a hole is background enclosed by an object; a nucleus within a ring-shaped one is kept, no matter which numbers
# they have. Seen: ring 1 with nucleus 2 inside: the nucleus keeps its 45 pixels. Ring 2 with nucleus 1 inside: no pixel
# of it is left, and the ring has swallowed it. Numbers follow the order of detection, so the count depends on chance.
# Version: stardist==0.9.2 numpy==2.4.6
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet stardist==0.9.2 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
import numpy as np
from stardist import fill_label_holes

away = np.hypot(*(np.mgrid[:30, :30] - 15))
left = {}
for ring, nucleus in ((1, 2), (2, 1)):
    labels = np.zeros((30, 30), int)
    labels[(away > 7) & (away < 12)] = ring
    labels[away < 4] = nucleus
    filled = fill_label_holes(labels)
    left[nucleus] = int((filled == nucleus).sum())
    print(f"ring {ring}, nucleus {nucleus}: of its {(labels == nucleus).sum()} pixels {left[nucleus]} are left")
assert left == {2: 45, 1: 0}, "stardist has changed"
PYTHON
