#!/usr/bin/env bash
# OpenCV's cubic interpolation moves objects too far: a shift of 0.1 pixels becomes 0.136, one of 0.25 becomes 0.297.
# Guess: INTER_CUBIC is at least as exact as INTER_LINEAR; drift corrected with it moves each object by the drift.
# Seen: the centroid of a spot moves by 0.136 pixels for 0.1 with INTER_CUBIC, by 0.100 with INTER_LINEAR, and a ramp that
#   was enlarged is a stair with errors of 0.047 pixels. The kernel of OpenCV (and PyTorch) has a = -0.75; of all a only
#   -0.5 keeps a ramp, which Pillow has. SciPy's cubic splines are exact, too.
# Version: opencv-python-headless==5.0.0.93 scipy==1.17.1 pillow==13.0.0 numpy==2.4.6
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet opencv-python-headless==5.0.0.93 scipy==1.17.1 pillow==13.0.0 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" -W error - <<'PYTHON'
import cv2
import numpy as np
from PIL import Image
from scipy import ndimage

row, column = np.mgrid[:100, :100]
spot = (1000 * np.exp(-((row - 50) ** 2 + (column - 50) ** 2) / 50)).astype(np.float32)
ramp = np.tile(np.arange(64, dtype=np.float32), (64, 1))  # its value is the column
inside, exact = slice(300, 340), (np.arange(640) + 0.5) / 10 - 0.5


def moved(image):
    """Pixels by which the centroid of the spot lies further right."""
    return round(float((image.astype(float) * column).sum() / image.sum(dtype=float)) - 50, 3)


seen = {}
for shift in (0.1, 0.25, 0.5):
    matrix = np.array([[1, 0, shift], [0, 1, 0]], np.float32)
    seen[shift] = tuple(moved(cv2.warpAffine(spot, matrix, (100, 100), flags=f)) for f in (cv2.INTER_LINEAR, cv2.INTER_CUBIC))
    spline = moved(ndimage.shift(spot, (0, shift), order=3))
    print(f"shift {shift}: linear {seen[shift][0]}, cubic {seen[shift][1]}, SciPy's cubic spline {spline}")
    assert spline == shift
pillow = np.asarray(Image.fromarray(ramp).resize((640, 640), Image.Resampling.BICUBIC))
errors = {
    "OpenCV": cv2.resize(ramp, (640, 640), interpolation=cv2.INTER_CUBIC)[320, inside] - exact[inside],
    "Pillow": pillow[320, inside] - exact[inside],
}
largest = {name: round(float(np.abs(error).max()), 3) for name, error in errors.items()}
print(f"a ramp enlarged 10 times, largest error in pixels: {largest}")
assert largest["Pillow"] == 0 and all(linear == shift for shift, (linear, _) in seen.items())
assert [cubic for _, cubic in seen.values()] == [0.136, 0.297, 0.5], "OpenCV has changed"
assert largest["OpenCV"] == 0.047, "OpenCV has changed"
PYTHON
