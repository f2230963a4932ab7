#!/usr/bin/env bash
# OpenCV's phase correlation finds an image shifted by half a pixel against itself, where its size is enlarged to an odd one.
# Guess: phaseCorrelate(image, image) is (0, 0) for an image of any size, as its answer for shifts of a few pixels is right
#   to a tenth.
# Seen: of 220, 224 or 1100 pixels a side, which are enlarged to 225 and 1125, and of 225 itself, both shifts are too large
#   by 0.5, in columns and in rows; of 200, 512 or 1040 they are right. Without a window the enlargement itself is what is
#   seen: of 1040 x 1040 pixels of noise on a background, shifted by 5 and 3, it finds 0.3 and 0.6. With a Hanning window
#   it is right. No error, no warning.
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

rng = np.random.default_rng(0)
seen = {}
for side in (200, 220, 224, 225, 512, 1040, 1100):
    field = cv2.GaussianBlur(rng.random((side + 20, side + 20)).astype(np.float32), (0, 0), 2)
    before, after = field[10:-10, 10:-10], field[7 : 7 + side, 5 : 5 + side]  # 3 rows and 5 columns further
    window = cv2.createHanningWindow((side, side), cv2.CV_32F)
    own, _ = cv2.phaseCorrelate(before, before, window)
    moved, _ = cv2.phaseCorrelate(before, after, window)
    bare, _ = cv2.phaseCorrelate(before, after)
    seen[side] = own, moved, bare
    print(
        f"{side} pixels, enlarged to {cv2.getOptimalDFTSize(side)}: against itself {own[0]:.2f}, {own[1]:.2f}; "
        f"shifted by 5, 3: {moved[0]:.2f}, {moved[1]:.2f}; without a window {bare[0]:.2f}, {bare[1]:.2f}"
    )
for side, (own, moved, bare) in seen.items():
    off = 0.5 if cv2.getOptimalDFTSize(side) % 2 else 0.0
    assert np.allclose(own, off, atol=0.01) and np.allclose(moved, (5 + off, 3 + off), atol=0.2), "OpenCV has changed"
    if cv2.getOptimalDFTSize(side) > side:
        assert bare[0] < 4, "OpenCV has changed"
PYTHON
