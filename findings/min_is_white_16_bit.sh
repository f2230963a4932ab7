#!/usr/bin/env bash
# Pillow and OpenCV invert a TIFF whose 0 is white if it has 8 bits, and leave it as it is if it has 16.
# Guess: a reader either obeys the tag (PhotometricInterpretation 0) or does not; the number of bits makes no
#   difference.
# Seen: 8 bits: a stored 30 comes as 225 from Pillow and OpenCV. 16 bits: a stored 30 comes as 30 from both.
#   tifffile and scikit-image give 30 for both. The same picture, saved with more bits, comes as its negative.
# Version: pillow==13.0.0 opencv-python-headless==5.0.0.93 tifffile==2026.3.3 scikit-image==0.26.0 numpy==2.4.6
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet pillow==13.0.0 opencv-python-headless==5.0.0.93 tifffile==2026.3.3 scikit-image==0.26.0 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
import cv2
import numpy as np
import PIL.Image
import skimage.io
import tifffile

seen = {}
for dtype in (np.uint8, np.uint16):
    tifffile.imwrite("white.tif", np.full((40, 60), 30, dtype), photometric="miniswhite")
    readers = {
        "Pillow": np.asarray(PIL.Image.open("white.tif")),
        "OpenCV": cv2.imread("white.tif", cv2.IMREAD_UNCHANGED),
        "tifffile": tifffile.imread("white.tif"),
        "scikit-image": skimage.io.imread("white.tif"),
    }
    assert all(pixels.dtype == dtype for pixels in readers.values())
    seen[dtype.__name__] = [int(pixels[0, 0]) for pixels in readers.values()]
    print(dtype.__name__, dict(zip(readers, seen[dtype.__name__], strict=True)))
assert seen == {"uint8": [225, 225, 30, 30], "uint16": [30, 30, 30, 30]}, "a reader has changed"
PYTHON
