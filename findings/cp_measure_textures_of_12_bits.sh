#!/usr/bin/env bash
# cp_measure's textures of a 12-bit image are those of an image with 16 grey values, and its granularity is below 0.
# Guess: get_texture and get_granularity of an image in 12 bits, stored as 16, are those of the same image in floats
#   from 0 to 1: grey values are brought to 256 steps, and shares of the signal are shares.
# Seen: the contrast of a nucleus is 1.4 for 317, its angular second moment 0.054 for 0.002: the steps divide the range
#   of 16 bits, of which the image has a sixteenth. Granularity, in per cent of the signal, starts with -39 and -195 for
#   49 and 57, followed by 94 and 256 for 10 and 12: differences of unsigned numbers wrap around. No warning.
# Version: cp_measure==0.3.0 scikit-image==0.26.0 numpy==2.4.6
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet cp_measure==0.3.0 scikit-image==0.26.0 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import numpy as np
from cp_measure.bulk import get_core_measurements

row, column = np.mgrid[:80, :100]
labels = np.zeros((80, 100), np.int32)
labels[np.hypot(row - 25, column - 25) < 12] = 1
labels[((column - 70) / 18) ** 2 + ((row - 50) / 9) ** 2 < 1] = 2
noise = np.random.default_rng(0).normal(0, 5, labels.shape)
image = (100 + 50 * np.sin(column / 5) * np.cos(row / 7) + 60 * (labels > 0) + noise).clip(0, 255) / 255
measure = get_core_measurements()
names = ["Contrast_3_00_256", "AngularSecondMoment_3_00_256", "Granularity_1", "Granularity_2"]
seen = {}
stored = {"floats from 0 to 1": image.astype(np.float32), "12 bits in uint16": (4095 * image).astype(np.uint16)}
for name, pixels in stored.items():
    values = measure["texture"](labels, pixels) | measure["granularity"](labels, pixels)
    seen[name] = {key: np.atleast_1d(values[key]).astype(float).round(3).tolist() for key in names}
    print(f"{name}: {seen[name]}")
floats, counts = seen.values()
assert min(floats["Contrast_3_00_256"]) > 200 and min(floats["Granularity_1"]) > 40
assert max(counts["Contrast_3_00_256"]) < 2 and min(counts["AngularSecondMoment_3_00_256"]) > 0.05, (
    "cp_measure has changed"
)
assert max(counts["Granularity_1"]) < 0 and max(counts["Granularity_2"]) > 200, "cp_measure has changed"
PYTHON
