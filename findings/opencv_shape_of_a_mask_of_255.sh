#!/usr/bin/env bash
# OpenCV's matchShapes says that a mask of 1 and the same mask of 255 are less alike than a square and an L.
# Guess: matchShapes compares shapes: it is 0 for a mask and the same mask, turned, larger, or of other grey values.
# Seen: it is 0.0 for the mask turned and 0.00 for it twice as large, but 2.06 for the mask of 255, where a mask of 1 of
#   an L and a square have 1.13. Hu's moments are free of the size, not of the height: 255 pixels in one place count as
#   a smaller shape. moments has binaryImage=True for this, matchShapes has not; of outlines it is right.
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

shape, square = np.zeros((2, 80, 80), np.uint8)
shape[10:50, 10:20] = shape[40:50, 10:50] = 1
square[10:40, 10:40] = 1
larger = np.kron(shape, np.ones((2, 2), np.uint8))
outlines = [cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)[0][0] for mask in (shape, 255 * shape)]
seen = {
    name: cv2.matchShapes(shape, other, cv2.CONTOURS_MATCH_I1, 0)
    for name, other in {
        "turned": np.rot90(shape).copy(),
        "larger": larger,
        "of 255": 255 * shape,
        "a square": square,
    }.items()
}
seen["outline of the mask of 255"] = cv2.matchShapes(*outlines, cv2.CONTOURS_MATCH_I1, 0)
print({name: round(value, 3) for name, value in seen.items()})
assert all(seen[name] < 0.01 for name in ("turned", "larger", "outline of the mask of 255"))
assert seen["of 255"] > 2 > 1.2 > seen["a square"], "OpenCV has changed"
PYTHON
