#!/usr/bin/env bash
# SciPy's gaussian_gradient_magnitude of an 8-bit image is wrong at every edge of 16 grey values a pixel or more.
# Guess: the magnitude of 8 bits is that of floats, rounded: intermediate steps are floats, only the result is 8-bit.
# Seen: at the edge between 20 and 200, smoothed with sigma 1, floats give 2, 21, 65, 65, 21, 2; 8 bits give 2, 13, 11, 11,
#   13, 2: each derivative is kept in 8 bits, and its square, too, so it starts again at 0 after 255. In 16 bits the same
#   edge, 100 times as bright, is 125 high for 6548, lower than beside it. A watershed finds the ridge in another place.
# Version: scipy==1.17.1 numpy==2.4.6
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet scipy==1.17.1 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" -W error - <<'PYTHON'
import numpy as np
from scipy.ndimage import gaussian_gradient_magnitude

image = np.full((40, 40), 20)
image[10:30, 10:30] = 200
seen = {}
for name, dtype, scale in (("floats", float, 1), ("8 bits", np.uint8, 1), ("16 bits", np.uint16, 100), ("floats", float, 100)):
    edge = gaussian_gradient_magnitude((image * scale).astype(dtype), 1)[20, 7:13]
    seen[name, scale] = edge.astype(int).tolist()
    print(f"{name}, edge of {180 * scale}: {seen[name, scale]}")
assert seen["floats", 1] == [2, 21, 65, 65, 21, 2] and max(seen["floats", 100]) == 6548
assert seen["8 bits", 1] == [2, 13, 11, 11, 13, 2] and max(seen["16 bits", 100]) < 256, "SciPy has changed"
PYTHON
