#!/usr/bin/env bash
# OpenCV's CLAHE takes no notice of its clip limit in 16 bits: 1, 2, 4 and 10 give the same image, with 8 times the contrast.
# Guess: clipLimit=2 limits the contrast of a 16-bit image as it does that of the same image in 8 bits.
# Seen: of 512 x 512 pixels in 8 x 8 tiles, 8 bits with limits of 1, 2 and 4 have a standard deviation of 1.06, 1.18 and 1.37
#   times the image's; 16 bits have 8.2 times with every limit up to 10: noise fills the range. The limit is counted in
#   pixels per histogram bin, of which there are 65536 for 4096 pixels of a tile, and is never less than one pixel.
#   scikit-image's equalize_adapthist gives about the same contrast in 8 and 16 bits.
# Version: opencv-python-headless==5.0.0.93 scikit-image==0.26.0 scipy==1.17.1 numpy==2.4.6
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet opencv-python-headless==5.0.0.93 scikit-image==0.26.0 scipy==1.17.1 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" -W error - <<'PYTHON'
import cv2
import numpy as np
from skimage.exposure import equalize_adapthist

row, column = np.mgrid[:512, :512]
noise = np.random.default_rng(0).normal(0, 30, (512, 512))
exact = 1000 + 300 * np.sin(row / 40) * np.cos(column / 50) + noise
images = {
    "8 bits": ((exact - 500) / 1000 * 255).clip(0, 255).astype(np.uint8),
    "16 bits": exact.clip(0, 65535).astype(np.uint16),
}
results, gains, adapthist = {}, {}, {}
for name, image in images.items():
    results[name] = [cv2.createCLAHE(limit, (8, 8)).apply(image) for limit in (1, 2, 4, 10)]
    gains[name] = [round(float(result.std() / image.std()), 2) for result in results[name]]
    adapthist[name] = round(float(equalize_adapthist(image, clip_limit=0.01).std()), 3)
    print(f"{name}: contrast with clip limits of 1, 2, 4 and 10: {gains[name]} of the image's")
    print(f"   standard deviation with scikit-image, whose range is 1: {adapthist[name]}")
first, *others = results["16 bits"]
assert all(np.array_equal(first, other) for other in others), "OpenCV has changed"
assert gains["16 bits"][0] > 8 and gains["8 bits"][0] < 1.1 < gains["8 bits"][2] < 1.4, "OpenCV has changed"
assert abs(adapthist["8 bits"] / adapthist["16 bits"] - 1) < 0.05
PYTHON
