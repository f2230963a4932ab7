#!/usr/bin/env bash
# OpenCV's subtract takes a number from every channel; its max, min and bitwise functions use it on the first alone.
# Guess: a number beside a colour image is handled alike by all functions of arithmetic: applied to every channel.
# Seen: of pixels (50, 50, 50): add, subtract, multiply and absdiff with a number change all three; max(pixels, 60)
#   is (60, 50, 50), min(pixels, 10) is (10, 0, 0), bitwise_xor(pixels, 255) is (205, 50, 50), and inRange(pixels,
#   10, 60) is false. A floor, a ceiling or a negative of an RGB or multi-channel image is right in one channel
#   only.
# Version: opencv-python-headless==5.0.0.93 numpy==2.4.6
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet opencv-python-headless==5.0.0.93 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
import cv2
import numpy as np

pixels = np.full((8, 8, 3), 50, np.uint8)
seen = {
    "add 10": cv2.add(pixels, 10),
    "subtract 10": cv2.subtract(pixels, 10),
    "absdiff 10": cv2.absdiff(pixels, 10),
    "max 60": cv2.max(pixels, 60),
    "min 10": cv2.min(pixels, 10),
    "bitwise_xor 255": cv2.bitwise_xor(pixels, 255),
    "inRange 10, 60": cv2.inRange(pixels, 10, 60),
}
seen = {name: result[0, 0].tolist() for name, result in seen.items()}
for name, result in seen.items():
    print(f"{name}: {result}")
assert [*seen.values()] == [
    [60, 60, 60], [40, 40, 40], [40, 40, 40], [60, 50, 50], [10, 0, 0], [205, 50, 50], 0,
], "OpenCV has changed"
PYTHON
