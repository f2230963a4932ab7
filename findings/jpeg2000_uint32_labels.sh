#!/usr/bin/env bash
# Label images of 32 bits without a sign, written by tifffile as JPEG 2000, come back with most pixels wrong.
# Guess: tifffile's compression="jpeg2000" is lossless unless a level is asked for (it is for 8 and 16 bits), or refuses
#   a type that it can't hold, as "jpegxl", "png" and "webp" refuse uint32.
# Seen: without an error or a warning, two thirds of the pixels of an image of 40 objects with ids below 300 have another
#   id afterwards, the background among them; as int32 or uint16 the same labels come back as they were. The stream has
#   26 bits a pixel, one more than OpenJPEG gives back; with bitspersample=20 given, it is exact.
# Version: tifffile==2026.3.3 imagecodecs==2026.3.6 (OpenJPEG 2.5.4) numpy==2.4.6
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet tifffile==2026.3.3 imagecodecs==2026.3.6 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" -W error - <<'PYTHON'
import imagecodecs
import numpy as np
import tifffile

rng = np.random.default_rng(0)
labels = np.zeros((256, 256), np.uint32)
for number in rng.integers(1, 300, 40):
    y, x = rng.integers(0, 240, 2)
    labels[y : y + 12, x : x + 12] = number

changed = {}
for dtype in (np.uint16, np.int32, np.uint32):
    tifffile.imwrite("labels.tif", labels.astype(dtype), compression="jpeg2000")
    back = tifffile.imread("labels.tif")
    changed[dtype.__name__] = float((back != labels).mean())
    print(f"{dtype.__name__}: {changed[dtype.__name__]:.1%} of pixels changed, {len(np.unique(back))} ids")
stated = imagecodecs.jpeg2k_decode(imagecodecs.jpeg2k_encode(labels, bitspersample=20))
print(f"uint32, 20 bits stated: {(stated != labels).mean():.1%}; {imagecodecs.jpeg2k_version()}")
assert changed["uint16"] == changed["int32"] == 0
assert changed["uint32"] > 0.5
assert (stated == labels).all()
PYTHON
