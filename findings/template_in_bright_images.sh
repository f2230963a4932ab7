#!/usr/bin/env bash
# Template matching of bright images in float32 finds noise in other noise: by 1.00 in OpenCV, by 21 in scikit-image.
# Guess: matchTemplate with TM_CCOEFF_NORMED, and match_template, take the mean away first: a template cut from an image
#   in float32 correlates by 1 at its own place, and less everywhere else, around 0 as around 60000.
# Seen: around 0 and 1000 other noise reaches 0.62 in both. Around 10000, with a spread of 5, it is above 0.95 at 110
#   places in OpenCV, and up to 3.18 in scikit-image; around 60000 up to 21.22, where the largest correlation is 1. A
#   template cut from an image of 40000 +- 20 has 0.68 and 0.00 at its own place. OpenCV takes 8 bits and floats alone,
#   so 16 bits come as floats.
# Version: opencv-python-headless==5.0.0.93 scikit-image==0.26.0 numpy==2.4.6
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet opencv-python-headless==5.0.0.93 scikit-image==0.26.0 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" -W error - <<'PYTHON'
import cv2
import numpy as np
from skimage.feature import match_template

rng = np.random.default_rng(0)
noise, other = rng.normal(0, 5, (60, 60)), rng.normal(0, 5, (5, 5))
image = rng.normal(0, 20, (64, 64))
seen = {}
for level in (0, 1000, 10000, 40000, 60000):
    bright = [(values + level).astype(np.float32) for values in (noise, other, image, image[20:36, 20:36])]
    found = cv2.matchTemplate(bright[0], bright[1], cv2.TM_CCOEFF_NORMED)
    own = cv2.matchTemplate(bright[2], bright[3], cv2.TM_CCOEFF_NORMED)[20, 20]
    right = match_template(bright[0], bright[1]).max(), match_template(bright[2], bright[3])[20, 20]
    seen[level] = float(found.max()), float(own), int((found > 0.95).sum())
    print(
        f"around {level}: other noise up to {seen[level][0]:.2f}, "
        f"above 0.95 at {seen[level][2]} places; own place {seen[level][1]:.2f}; "
        f"scikit-image {right[0]:.2f} and {right[1]:.2f}"
    )
    seen[level] += right
assert all(
    seen[level][0] < 0.65 and seen[level][3] < 0.65 and min(seen[level][1], seen[level][4]) > 0.99
    for level in (0, 1000)
)
assert seen[10000][2] > 50 and seen[40000][1] < 0.9, "OpenCV has changed"
assert seen[10000][3] > 2 and seen[60000][3] > 10 and seen[40000][4] < 0.1, "scikit-image has changed"
PYTHON
