#!/usr/bin/env bash
# The adjusted Rand index of torchmetrics is above 1 or far below 0 for label images of usual size.
# Guess: AdjustedRandScore of two label images, flattened, is the 0.75 that scikit-learn gives, and never above 1.
# Seen: of discs that were found a little too small and 2 pixels aside it is 0.743 and 0.747 in images of 128 and 256
#   pixels a side, as in scikit-learn, 1.366 in one of 512 and -4.116 in one of 1024: pairs of pixels are counted in
#   int64 and multiplied by one another, which passes 2 ** 63 from about 300 x 300 pixels on. RandScore and
#   FowlkesMallowsIndex of the same images are right.
# Version: torchmetrics==1.9.0 torch==2.13.0 scikit-learn==1.9.1 numpy==2.4.6
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet torchmetrics==1.9.0 torch==2.13.0 scikit-learn==1.9.1 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import numpy as np
import torch
from sklearn.metrics import adjusted_rand_score, rand_score
from torchmetrics.clustering import AdjustedRandScore, RandScore

seen = {}
for side in (128, 256, 512, 1024):
    row, column = np.mgrid[:side, :side]
    truth, found = np.zeros((2, side, side), int)
    for place, (y, x) in enumerate(np.ndindex(side // 32, side // 32), 1):
        aside = row - 32 * y - 16, column - 32 * x - 16
        truth[np.hypot(*aside) < 12] = place
        found[np.hypot(aside[0], aside[1] - 2) < 11] = place
    flat = torch.tensor(found.ravel()), torch.tensor(truth.ravel())
    seen[side] = float(AdjustedRandScore()(*flat))
    right = adjusted_rand_score(truth.ravel(), found.ravel())
    print(f"{side} x {side}: {seen[side]:.3f}, scikit-learn {right:.3f}")
    assert 0.74 < right < 0.75 and abs(float(RandScore()(*flat)) - rand_score(truth.ravel(), found.ravel())) < 1e-4
assert all(0.74 < seen[side] < 0.75 for side in (128, 256))
assert seen[512] > 1.3 and seen[1024] < -4, "torchmetrics has changed"
PYTHON
