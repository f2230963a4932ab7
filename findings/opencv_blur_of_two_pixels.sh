#!/usr/bin/env bash
# OpenCV's blur of two neighbours in 8 bits adds 1: an empty image is 1 everywhere, and white can become black.
# Guess: blur(image, (2, 1)) is the mean of two pixels, rounded: 100 where both are 100.
# Seen: an image of 0 becomes 1, of 100 becomes 101, and a small one of 255 becomes 0: 256 wraps around. Means over (2,
#   2) or (4, 1) are rounded up, a quarter to 1, those over (4, 4) are 0.09 too large in the mean. In 16 bits, in floats
#   and with an odd number of pixels they are right. So it is in OpenCV 4.9.
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

flat = {value: np.unique(cv2.blur(np.full((16, 32), value, np.uint8), (2, 1))).tolist() for value in (0, 7, 100, 254)}
flat["255, 4 x 5 pixels"] = np.unique(cv2.blur(np.full((4, 5), 255, np.uint8), (2, 1))).tolist()
for value, made in flat.items():
    print(f"an image of {value} becomes {made}")
noise = np.random.default_rng(0).integers(0, 256, (512, 512)).astype(np.uint8)
seen = {}
for size in ((2, 1), (1, 2), (2, 2), (4, 1), (4, 4), (3, 1), (3, 3), (5, 5)):
    exact = cv2.blur(noise.astype(np.float64), size)
    off = cv2.blur(noise, size) - exact
    wide = cv2.blur(noise.astype(np.uint16), size) - exact
    seen[size] = round(float(off.mean()), 2), round(float(off.max()), 2), round(float(wide.mean()), 2)
    print("over {}: too large by {} in the mean and {} at most; in 16 bits by {}".format(size, *seen[size]))
spot = np.zeros((8, 8), np.uint8)
spot[4, 4] = 1
print("a pixel of 1, over (2, 2):", cv2.blur(spot, (2, 2)).max(), " and (4, 1):", cv2.blur(spot, (4, 1)).max())
assert [flat[value] for value in (0, 7, 100)] == [[1], [8], [101]], "OpenCV has changed"
assert seen[2, 1][0] == seen[1, 2][0] == 0.75 and seen[2, 2][0] > 0.3 and cv2.blur(spot, (2, 2)).max() == 1
assert all(abs(seen[size][0]) < 0.02 for size in ((3, 1), (3, 3), (5, 5)))
assert all(abs(one[2]) < 0.02 for one in seen.values())
PYTHON
