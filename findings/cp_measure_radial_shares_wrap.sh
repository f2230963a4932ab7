#!/usr/bin/env bash
# cp_measure's radial distribution of an 8-bit or 16-bit image has other fractions than that of the same image in floats.
# Guess: the share of an object's intensity that lies in a ring does not depend on the number type of the image.
# Seen: of a nucleus with a bright centre FracAtD_1of4 to 4of4, from the centre outwards, are 0.07, 0.24, 0.33, 0.36 in
#   floats, 0.42, 0.20, 0.28, 0.10 in 8 bits and 0.24, 0.23, 0.32, 0.20 with 12 bits in 16: sums are kept in the type of
#   the image and start again at 0 after 255 or 65535. Mean intensities are right. No warning.
# Version: cp-measure==0.3.0 numpy==2.4.6
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet cp-measure==0.3.0 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import numpy as np
from cp_measure.bulk import get_core_measurements

radial = get_core_measurements()["radial_distribution"]
intensity = get_core_measurements()["intensity"]
row, column = np.mgrid[:80, :80]
away = np.hypot(row - 40, column - 40)
labels = (away < 15).astype(np.int32)
image = np.where(away < 20, 200 - 6 * away, 80).astype(int)
seen = {}
for name, pixels in (
    ("floats", image.astype(float)),
    ("8 bits", image.astype(np.uint8)),
    ("12 bits in 16", (image * 16).astype(np.uint16)),
):
    shares = radial(labels, pixels)
    seen[name] = [round(float(shares[f"RadialDistribution_FracAtD_{ring}of4"][0]), 3) for ring in range(1, 5)]
    mean = float(intensity(labels, pixels)["Intensity_MeanIntensity"][0])
    print(f"{name}: shares from the centre outwards {seen[name]}, mean {mean:.1f}")
assert seen["floats"] == [0.071, 0.237, 0.332, 0.36]
assert seen["8 bits"][0] > 0.4 and seen["12 bits in 16"][0] > 0.2, "cp_measure has changed"
PYTHON
