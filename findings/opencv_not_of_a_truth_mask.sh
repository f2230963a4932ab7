#!/usr/bin/env bash
# OpenCV 5 takes NumPy's masks of truths, and its bitwise_not of one is true everywhere.
# Guess: bitwise_not(mask) of an array of bool is the background, as ~mask is, or an error as in OpenCV 4.
# Seen: the result is an array of bool that is true in all 400 pixels, objects and background: its bytes are 255 and 254.
#   countNonZero counts 400, a mean within it is the mean of the whole image. With the mask as uint8 of 0 and 255 it is
#   right, and bitwise_and and bitwise_or of bool are right, too. OpenCV 4.12 raises an error.
# Version: opencv-python-headless==5.0.0.93 numpy==2.4.6
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet opencv-python-headless==5.0.0.93 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" -W error - <<'PYTHON'
import cv2
import numpy as np

mask = np.zeros((20, 20), bool)
mask[5:10, 5:15] = True
image = np.where(mask, 200, 10).astype(np.uint8)
background = cv2.bitwise_not(mask)
as_bytes = cv2.bitwise_not(mask.astype(np.uint8) * 255)
seen = {
    "~mask": (int((~mask).sum()), cv2.mean(image, (~mask).astype(np.uint8))[0]),
    "bitwise_not of bool": (cv2.countNonZero(background), cv2.mean(image, background)[0]),
    "bitwise_not of 0 and 255": (cv2.countNonZero(as_bytes), cv2.mean(image, as_bytes)[0]),
}
for name, (pixels, mean) in seen.items():
    print(f"{name}: {pixels} pixels of background, mean {mean}")
print(f"type {background.dtype}, bytes {np.unique(background.view(np.uint8)).tolist()}")
assert np.array_equal(cv2.bitwise_and(mask, mask), mask) and np.array_equal(cv2.bitwise_or(mask, mask), mask)
assert seen["~mask"] == seen["bitwise_not of 0 and 255"] == (350, 10)
assert background.dtype == bool and seen["bitwise_not of bool"] == (400, 33.75), "OpenCV has changed"
PYTHON
