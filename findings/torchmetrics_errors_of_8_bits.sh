#!/usr/bin/env bash
# torchmetrics' errors of 8-bit images are others than those of the same images as floats, and some look plausible.
# Guess: MeanSquaredError, MeanAbsoluteError and R2Score of two uint8 images are those of the same numbers as floats, as
#   PeakSignalNoiseRatio is, or are refused as PearsonCorrCoef refuses them.
# Seen: of an image and the same with noise of 20 grey values the mean squared error is 407 by hand and as floats, and 88
#   as uint8; R2 is 0.75, and 1.01 as uint8; the mean absolute error 16, and 125 as uint8. Differences below 0 and squares
#   above 255 wrap around. With noise of 5 the squared error, 24.2 for 24.8, is hard to notice. No error, no warning.
# Version: torchmetrics==1.9.0 torch==2.13.0 numpy==2.4.6
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet torchmetrics==1.9.0 torch==2.13.0 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import numpy as np
import torch
import torchmetrics
from torchmetrics.image import PeakSignalNoiseRatio

rng = np.random.default_rng(0)
truth = rng.integers(60, 200, (128, 128))
seen = {}
for noise in (5, 20):
    image = (truth + rng.normal(0, noise, truth.shape)).round().clip(0, 255)
    eight = [torch.tensor(array.astype(np.uint8)) for array in (image, truth)]
    floats = [array.float() for array in eight]
    difference = image.astype(np.uint8).astype(float) - truth
    by_hand = {
        "MeanAbsoluteError": np.abs(difference).mean(),
        "MeanSquaredError": (difference**2).mean(),
        "R2Score": 1 - (difference**2).mean() / truth.var(),
    }
    for name, right in by_hand.items():
        metric = getattr(torchmetrics, name)
        found, as_floats = (float(metric()(*(one.flatten() for one in pair))) for pair in (eight, floats))
        seen[noise, name] = round(found, 2), round(as_floats, 2)
        print(f"noise of {noise}, {name}: uint8 {found:.2f}, floats {as_floats:.2f}, by hand {right:.2f}")
        assert abs(as_floats - right) < 0.01
    peaks = [float(PeakSignalNoiseRatio(data_range=255.0)(*pair)) for pair in (eight, floats)]
    assert abs(peaks[0] - peaks[1]) < 1e-3
assert seen[20, "MeanSquaredError"] == (88.4, 407.37) and seen[20, "R2Score"] == (1.01, 0.75), "torchmetrics has changed"
assert seen[20, "MeanAbsoluteError"] == (125.31, 16.1), "torchmetrics has changed"
PYTHON
