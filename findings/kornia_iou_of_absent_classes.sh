#!/usr/bin/env bash
# kornia gives a class that is in neither image an IoU of 1: the mean of bad results is good.
# Guess: mean_iou of 10 classes of cells, of which two are in the image, leaves out the others, as their IoU is 0 / 0,
#   or says NaN for them.
# Seen: each of the other 8 has an IoU of 1. A result in which every pixel has the wrong one of two classes has an IoU
#   of 0 and 0, and a mean of 0.8; with 2 classes said, 0.
# Version: kornia==0.9.0 torch==2.13.0 numpy==2.4.6
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet kornia==0.9.0 torch==2.13.0 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import torch
from kornia.metrics import mean_iou

truth = torch.zeros(1, 32, 32, dtype=torch.long)
truth[:, 8:24, 8:24] = 1
seen = {classes: mean_iou(1 - truth, truth, num_classes=classes)[0] for classes in (2, 10)}
for classes, ious in seen.items():
    print(
        f"{classes} classes, every pixel wrong: {[round(float(iou), 2) for iou in ious]}, mean {float(ious.mean()):.2f}"
    )
assert seen[2].max() < 0.01 and seen[10][:2].max() < 0.01
assert seen[10][2:].min() > 0.99 and 0.79 < seen[10].mean() < 0.81, "kornia has changed"
PYTHON
