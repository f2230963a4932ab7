#!/usr/bin/env bash
# kornia's connected components of a large object are many: a spheroid of 300 pixels across becomes 29859 objects.
# Guess: connected_components gives the pixels of one object one number, large or small, as every other library does.
# Seen: a mask of 512 x 512 pixels with a ring of radius 150, as of a colony or a vessel, and 4 round nuclei has 5 objects;
#   kornia counts 595, and 5 only with num_iterations=600. Numbers spread by one pixel an iteration, and after 100 it
#   stops, whether or not anything still changes. With a spheroid of radius 150 instead of the ring it counts 29863. No
#   error, no warning.
# Version: kornia==0.9.0 torch==2.13.0 scipy==1.17.1 numpy==2.4.6
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet torch==2.13.0 numpy==2.4.6 scipy==1.17.1
"$folder/venv/bin/pip" install --quiet kornia==0.9.0
cd "$folder"
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import numpy as np
import torch
from kornia.contrib import connected_components
from scipy.ndimage import label

row, column = np.mgrid[:512, :512]
nuclei = np.zeros((512, 512), bool)
for y, x in ((40, 40), (40, 470), (470, 40), (470, 470)):
    nuclei |= np.hypot(row - y, column - x) < 15
distance = np.hypot(row - 256, column - 256)
masks = {
    "4 nuclei": nuclei,
    "4 nuclei and a ring": nuclei | (np.abs(distance - 150) < 4),
    "4 nuclei and a spheroid": nuclei | (distance < 150),
}
seen = {}
for name, mask in masks.items():
    found = {}
    for iterations in (100, 600):  # 100 is what it takes by itself
        tensor = torch.from_numpy(mask.astype(np.float32))[None, None]
        found[iterations] = len(np.unique(connected_components(tensor, num_iterations=iterations).numpy())) - 1
    assert len(np.unique(connected_components(tensor).numpy())) - 1 == found[100]
    right = label(mask, np.ones((3, 3)))[1]
    seen[name] = right, found
    print(f"{name}: {right} objects, kornia {found[100]}, with 600 iterations {found[600]}")
for right, found in seen.values():
    assert found[600] == right
assert seen["4 nuclei"][1][100] == 4
assert seen["4 nuclei and a ring"][1][100] > 100 and seen["4 nuclei and a spheroid"][1][100] > 5, "kornia has changed"
PYTHON
