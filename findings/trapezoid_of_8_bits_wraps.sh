#!/usr/bin/env bash
# The area under a curve of 8 or 16-bit intensities, by numpy's or SciPy's trapezoid, is a third too small.
# Guess: trapezoid of integers is that of the same numbers as floats, as SciPy's simpson and the sum are.
# Seen: of a trace of 60 frames that rises from 60 to 240 and falls again the area is 6072; as uint8 trapezoid gives 4024, and
#   of 256 times the trace, as uint16, 1035184 for 1559472: where two neighbours add up to more than 255 or 65535, the sum
#   wraps around. simpson is right, and so are int64 and floats. No error, no warning. Means over a cell are floats, but
#   a pixel, a maximum or a median filter's result in each frame has the type of the images.
# Version: numpy==2.4.6 scipy==1.17.1
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet scipy==1.17.1 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" -W error - <<'PYTHON'
import numpy as np
from scipy import integrate

time = np.arange(60)
trace = 60 + 180 * np.exp(-(((time - 20) / 8) ** 2))
seen = {}
for dtype, scale in ((np.uint8, 1), (np.uint16, 256), (np.int64, 256), (np.float64, 256)):
    values = (trace * scale).astype(dtype)
    by_hand = sum((int(left) + int(right)) / 2 for left, right in zip(values[:-1], values[1:], strict=True))
    areas = [float(area(values)) for area in (np.trapezoid, integrate.trapezoid, integrate.simpson)]
    seen[np.dtype(dtype).name] = [round(area / float(by_hand), 2) for area in areas]
    numpy_area, scipy_area, simpson = areas
    print(f"{values.dtype}, up to {values.max():.0f}: by hand {by_hand:.0f}, ", end="")
    print(f"numpy {numpy_area:.0f}, scipy {scipy_area:.0f}, simpson {simpson:.0f}")
assert seen["uint8"][:2] == seen["uint16"][:2] == [0.66, 0.66], "numpy or scipy has changed"
assert seen["uint8"][2] == seen["uint16"][2] == 1 and seen["int64"] == [1, 1, 1]
PYTHON
