#!/usr/bin/env bash
# SimpleITK reads a TIFF of half floats as whole numbers of 16 bits: 1.0 is 15360, and half of the brightness is 14336.
# Guess: probabilities of a network that were stored as float16 come back from ReadImage as floats, or not at all.
# Seen: the image has the type "16-bit unsigned integer" and the bits of each number as its value: order is kept, so the
#   picture looks right, but a ramp from 0 to 1 has the mean 13822, 90 % of its maximum. No error, no warning. tifffile
#   reads the floats; Pillow raises an error, OpenCV gives None.
# Version: simpleitk==2.5.7 tifffile==2026.3.3 pillow==13.0.0 opencv-python-headless==5.0.0.93 numpy==2.4.6
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet simpleitk==2.5.7 tifffile==2026.3.3 pillow==13.0.0 \
  opencv-python-headless==5.0.0.93 numpy==2.4.6
cd "$folder"
OPENCV_LOG_LEVEL=SILENT "$folder/venv/bin/python" -W error - <<'PYTHON'
import cv2
import numpy as np
import SimpleITK as sitk
import tifffile
from PIL import Image, UnidentifiedImageError

ramp = np.linspace(0, 1, 64 * 64).reshape(64, 64)
seen = {}
for dtype in (np.float16, np.float32):
    name = f"{np.dtype(dtype)}.tif"
    tifffile.imwrite(name, ramp.astype(dtype))
    image = sitk.ReadImage(name)
    pixels = sitk.GetArrayFromImage(image)
    seen[name] = image.GetPixelIDTypeAsString(), float(pixels.max()), round(float(pixels.astype(float).mean()), 2)
    print("{}: SimpleITK reads '{}', maximum {}, mean {}".format(name, *seen[name]))
    assert np.array_equal(tifffile.imread(name), ramp.astype(dtype))
try:
    Image.open("float16.tif")
    pillow = "read"
except UnidentifiedImageError:
    pillow = "an error"
opencv = cv2.imread("float16.tif", cv2.IMREAD_UNCHANGED)
print(f"float16.tif: Pillow {pillow}, OpenCV {opencv}")
assert seen["float32.tif"] == ("32-bit float", 1.0, 0.5) and pillow == "an error" and opencv is None
assert seen["float16.tif"] == ("16-bit unsigned integer", 15360.0, 13822.25), "SimpleITK has changed"
PYTHON
