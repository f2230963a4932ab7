#!/usr/bin/env bash
# kornia's distance transform counts steps of a chessboard: 21.2 pixels along a diagonal are 15.4, and 181 are 128.
# Guess: distance_transform gives the Euclidean distance to the nearest pixel that is not 0, to a few hundredths.
# Seen: around one pixel in the middle of 256 x 256, distances along rows and columns are right, those along diagonals are
#   5.4 for 7.1, 15.4 for 21.2, 29.4 for 41.0 and 128.4 for 181. It grows by 3 x 3 pixels at a time, and what the exponential
#   of a step says of its direction is lost. kernel_size=5 or 7 changes a few tenths. What is made of it, as a
#   network's target or the weights of a loss, has squares around objects instead of discs. No error, no warning.
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
from kornia.contrib import distance_transform
from scipy.ndimage import distance_transform_edt

image = np.zeros((256, 256), np.float32)
image[128, 128] = 1
exact = distance_transform_edt(image == 0)
seen = {}
for kernel in (3, 5, 7):
    found = distance_transform(torch.from_numpy(image)[None, None], kernel_size=kernel)[0, 0].numpy()
    for y, x in ((128, 133), (128, 250), (133, 133), (143, 143), (157, 157), (0, 0)):
        seen[kernel, y, x] = float(found[y, x] / exact[y, x])
        print(f"kernel {kernel}, {y - 128}, {x - 128}: kornia {found[y, x]:.1f}, right {exact[y, x]:.1f}")
assert all(0.93 < ratio < 1.01 for (_, y, _), ratio in seen.items() if y == 128)
assert all(ratio < 0.85 for (_, y, _), ratio in seen.items() if y != 128), "kornia has changed"
assert max(seen[kernel, 0, 0] for kernel in (3, 5, 7)) < 0.75, "kornia has changed"
PYTHON
