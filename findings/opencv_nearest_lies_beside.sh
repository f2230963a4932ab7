#!/usr/bin/env bash
# Labels that OpenCV resizes with INTER_NEAREST lie half a pixel, of the larger pixels, beside the image.
# Guess: an image and its labels, resized by INTER_LINEAR or INTER_AREA and INTER_NEAREST, fit as before: each new pixel
#   has the id of the pixel under its centre, so what is rounded has no direction.
# Seen: a new pixel x takes the old pixel floor(x * scale), which is under its left edge, not its centre. From 1000 to
#   1024 pixels ids come from 0.48 pixels too far left and above on average, from 1000 to 300 from 1.5, and from 1024 to
#   256, where all is whole numbers, from 1.5, too. INTER_NEAREST_EXACT takes the pixel under the centre: 0.00, 0.04
#   and, where the centre is between two, 0.5. The centroid of a disc resized from 1000 to 300 pixels is 1.4 old pixels
#   too far down for the former, 0.05 for the latter.
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

seen = {}
for old, new in ((1000, 1024), (1000, 300), (1024, 256)):
    columns = np.tile(np.arange(old, dtype=np.float32), (8, 1))
    centres = (np.arange(new) + 0.5) * old / new - 0.5
    for name in ("INTER_NEAREST", "INTER_NEAREST_EXACT"):
        taken = cv2.resize(columns, (new, 8), interpolation=getattr(cv2, name))[0]
        seen[old, new, name] = float((taken - centres).mean())
        print(f"{name}, {old} to {new}: taken from {seen[old, new, name]:+.2f} old pixels beside the centre on average")
row, column = np.mgrid[:1000, :1000]
disc = (np.hypot(row - 500, column - 500) < 200).astype(np.uint8)
centroids = {}
for name in ("INTER_AREA", "INTER_NEAREST", "INTER_NEAREST_EXACT"):
    small = cv2.resize(255 * disc, (300, 300), interpolation=getattr(cv2, name)).astype(float)
    centroids[name] = float((small * (np.mgrid[:300, :300][0] + 0.5) / 0.3 - 0.5 * small).sum() / small.sum())
    print(f"{name}: centroid of a disc at row {centroids[name]:.2f} for 500")
assert all(abs(centroids[name] - 500) < 0.1 for name in ("INTER_AREA", "INTER_NEAREST_EXACT"))
assert abs(seen[1000, 1024, "INTER_NEAREST_EXACT"]) < 0.01 and abs(seen[1000, 300, "INTER_NEAREST_EXACT"]) < 0.1
assert seen[1000, 1024, "INTER_NEAREST"] < -0.45 and seen[1000, 300, "INTER_NEAREST"] < -1.4, "OpenCV has changed"
assert seen[1024, 256, "INTER_NEAREST"] == -1.5 and centroids["INTER_NEAREST"] > 501.3, "OpenCV has changed"
PYTHON
