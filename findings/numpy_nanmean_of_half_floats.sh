#!/usr/bin/env bash
# NumPy's nanmean of half floats is infinite, and the average with weights 0, where mean is right.
# Guess: nanmean of an image without NaN is its mean, with one NaN nearly so, and so is the average with weights of 1.
# Seen: of a map of 1024 x 1024 probabilities around 0.5 in float16 mean is 0.5 and nanmean infinite, with and without a NaN;
#   average is NaN, and of 256 x 256 it is 0.0: sums of values and of weights are half floats, which end at 65504. Networks
#   in half precision give such maps. The mean of a masked array is right.
# Version: numpy==2.4.6
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import numpy as np

seen = {}
for side in (256, 1024):
    image = np.random.default_rng(0).random((side, side)).astype(np.float16)
    holed = image.copy()
    holed[0, 0] = np.nan
    seen[side] = {
        "mean": image.mean(),
        "nanmean": np.nanmean(image),
        "nanmean with a NaN": np.nanmean(holed),
        "average": np.average(image, weights=np.ones_like(image)),
        "masked": np.ma.masked_invalid(holed).mean(),
    }
    print(f"{side} x {side}: " + ", ".join(f"{name} {value:.3f}" for name, value in seen[side].items()))
for name in ("mean", "masked"):
    assert all(abs(values[name] - 0.5) < 0.01 for values in seen.values())
assert all(abs(seen[256][name] - 0.5) < 0.01 for name in ("nanmean", "nanmean with a NaN"))
assert np.isinf([seen[1024][name] for name in ("nanmean", "nanmean with a NaN")]).all(), "NumPy has changed"
assert seen[256]["average"] == 0 and np.isnan(seen[1024]["average"]), "NumPy has changed"
PYTHON
