#!/usr/bin/env bash
# scikit-image's Poisson noise depends on how many grey values an image has, not on how bright it is.
# Guess: random_noise(counts, "poisson") of a 16-bit image of 1000 photons a pixel has a standard deviation of 32.
# Seen: of a ramp from 500 to 1500 it is 257 around 1000, of the same ramp in steps of 25 it is 1024, of floats that were
#   divided by 4095 63. The image is taken for floats from 0 to 1 and multiplied by the number of its grey values, made
#   a power of 2: 1001 values make 16 photons of 1000, 41 values one. A flat field of 0.5 becomes 0 and 1.
# Version: scikit-image==0.26.0 numpy==2.4.6
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet scikit-image==0.26.0 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" -W error - <<'PYTHON'
import numpy as np
from skimage.util import random_noise

ramp = np.tile(np.arange(500, 1501), (200, 1)).astype(np.uint16)
cases = {
    "16 bits": (ramp, 65535),
    "16 bits in steps of 25": (ramp // 25 * 25, 65535),
    "floats of 12 bits": (ramp / 4095, 4095),
}
seen = {}
for name, (image, one) in cases.items():
    near = random_noise(image, "poisson", rng=0)[:, 490:510] * one
    seen[name] = round(float(near.std()))
    print(f"{name}: around 1000 mean {near.mean():.0f}, standard deviation {near.std():.1f}; of photons {1000**0.5:.1f}")
flat = np.unique(random_noise(np.full((50, 50), 0.5), "poisson", rng=0))
print(f"a flat field of 0.5 becomes {flat.tolist()}")
assert 240 < seen["16 bits"] < 270 and 950 < seen["16 bits in steps of 25"] < 1100, "scikit-image has changed"
assert 58 < seen["floats of 12 bits"] < 68 and set(flat) == {0, 1}, "scikit-image has changed"
PYTHON
