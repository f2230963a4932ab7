#!/usr/bin/env bash
# scikit-image's gabor of an 8-bit or 16-bit image has its largest values where the response is slightly below 0.
# Guess: the real and imaginary parts of a filter whose kernel has both signs are floats, as those of sobel are.
# Seen: fibres of 20 to 220 in 8 bits, of which floats give responses from -6.1 to 5.4: the result is 8-bit and has 250 to
#   255 for -6 to -1, in 16 bits 65530 to 65535. Magnitudes of both parts, from which textures and orientations of fibres
#   are computed, are up to 361 for 7. The example of its documentation filters an 8-bit image.
# Version: scikit-image==0.26.0 numpy==2.4.6
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet scikit-image==0.26.0 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" -W error - <<'PYTHON'
import numpy as np
from skimage.filters import gabor

row, column = np.mgrid[:64, :64]
fibres = np.round(120 + 100 * np.sin((row + column) / 3))
seen = {}
for dtype in (float, np.uint8, np.uint16):
    real, imaginary = gabor(fibres.astype(dtype), frequency=0.2, theta=0)
    size = np.hypot(real.astype(float), imaginary.astype(float))
    seen[dtype] = float(real.min()), float(real.max()), float(size.max())
    print(f"{np.dtype(dtype)}: real part {real.dtype} from {real.min():.1f} to {real.max():.1f}, magnitude up to {size.max():.1f}")
assert seen[float][2] < 8 and seen[float][0] < -5
assert seen[np.uint8][1] == 255 and seen[np.uint8][2] > 300 and seen[np.uint16][1] == 65535, "scikit-image has changed"
PYTHON
