#!/usr/bin/env bash
# The mean of each channel of a float32 image is wrong by percents once the image is large, if channels come last.
# Guess: NumPy adds floats pairwise, so that image.mean(axis=(0, 1)) of 4096 x 4096 x 2 pixels is right to about
#   1e-6.
# Seen: with channels last it adds one number after the other in float32: intensities of 1000 +- 50 have a mean of
#   1020 and a standard deviation of 53; an 8192 x 8192 x 3 image of 0.5 everywhere has the mean 0.125. With
#   channels first, or dtype=float64, both are right.
# Version: numpy==2.4.6
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
import numpy as np

normal = np.random.default_rng(0).normal(1000, 50, (4096, 4096, 2)).astype(np.float32)
last, first = normal.mean(axis=(0, 1)), np.moveaxis(normal, -1, 0).copy().mean(axis=(1, 2))
right = normal.mean(axis=(0, 1), dtype=np.float64)
print("mean, channels last:", last, "channels first:", first, "in float64:", right)
print("standard deviation, channels last:", normal.std(axis=(0, 1)), "in float64:", normal.std(axis=(0, 1), dtype=float))
half = np.full((8192, 8192, 3), 0.5, np.float32).mean(axis=(0, 1))
print("mean of 0.5 everywhere, 8192 x 8192 x 3:", half)
assert np.allclose(right, 1000, atol=0.1) and np.allclose(first, right, rtol=1e-5), "numpy has changed"
assert (last > 1015).all() and (half < 0.2).all(), "numpy has changed"
PYTHON
