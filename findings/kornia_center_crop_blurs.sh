#!/usr/bin/env bash
# kornia's center_crop makes a crop of an even size out of an odd one, or the reverse, by interpolation.
# Guess: a crop copies pixels: of 65 x 65 pixels the middle 32 x 32 have values of the image, and ids of a label image
#   stay.
# Seen: the corner of the crop is half a pixel between two pixels, and each of its pixels the mean of four: noise with a
#   spread of 100 has one of 51, and labels of 10 and 20 side by side have pixels of 2.5, 5, 7.5 and 15, ids of no
#   object. From 64 x 64 to 32 x 32 pixels the spread stays, but an id of 20 may be 19.9998, which is 19 as a whole
#   number. With mode="nearest" it copies.
# Version: kornia==0.9.0 torch==2.13.0 numpy==2.4.6
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet kornia==0.9.0 torch==2.13.0 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import numpy as np
import torch
from kornia.geometry import center_crop

torch.manual_seed(0)
seen = {}
for side in (64, 65):
    noise = 1000 + 100 * torch.randn(1, 1, side, side)
    labels = torch.zeros(1, 1, side, side)
    labels[..., 25:40, 20:33], labels[..., 25:40, 33:45] = 10, 20
    seen[side] = float(center_crop(noise, (32, 32)).std()), center_crop(labels, (32, 32)).unique().tolist()
    print(f"{side} to 32 pixels: spread {seen[side][0]:.0f} for 100, ids {seen[side][1]}")
nearest = center_crop(labels, (32, 32), mode="nearest").unique().tolist()
print(f"with mode='nearest': ids {nearest}")
whole = set(np.trunc(seen[64][1]).tolist())
print(f"64 to 32 pixels, as whole numbers: ids {sorted(whole)}")
assert abs(seen[64][0] - 100) < 10 and nearest == [0, 10, 20]
assert seen[65][0] < 60 and {2.5, 5, 15} <= set(seen[65][1]) and 19 in whole, "kornia has changed"
PYTHON
