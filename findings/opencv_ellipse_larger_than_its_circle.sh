#!/usr/bin/env bash
# A filled cv2.ellipse with equal axes is larger than the cv2.circle of that radius: by 45 % for a radius of 3.
# Guess: ellipse(image, centre, (10, 10), 0, 0, 360, 1, -1) paints the pixels that circle(image, centre, 10, 1, -1)
#   paints.
# Seen: circle paints the pixels whose centres are within the radius, 317 for 10 and 29 for 3. ellipse paints 347 and
#   42: its polygon is rounded to whole pixels and filled with its border. Cells that are drawn from their axes, as for
#   a simulated truth, are 9 % larger than those axes say.
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

row, column = np.mgrid[-50:51, -50:51]
seen = {}
for radius in (1, 3, 5, 10, 20, 40):
    painted = []
    for paint in (
        lambda image: cv2.circle(image, (50, 50), radius, 1, cv2.FILLED),
        lambda image: cv2.ellipse(image, (50, 50), (radius, radius), 0, 0, 360, 1, cv2.FILLED),
        lambda image: cv2.ellipse(image, ((50.0, 50.0), (2.0 * radius, 2.0 * radius), 0.0), 1, cv2.FILLED),
    ):
        painted.append(int(paint(np.zeros((101, 101), np.uint8)).sum()))
    within = int((np.hypot(row, column) <= radius).sum())
    seen[radius] = within, *painted
    print("radius {}: {} pixels within, circle {}, ellipse {}, ellipse by its box {}".format(radius, *seen[radius]))
long = int(cv2.ellipse(np.zeros((101, 101), np.uint8), (50, 50), (20, 6), 30, 0, 360, 1, cv2.FILLED).sum())
print(f"axes 20 and 6, turned by 30 degrees: {long} pixels, area {np.pi * 20 * 6:.0f}")
assert all(one[0] == one[1] for one in seen.values()), "OpenCV has changed"
assert seen[3][2] == 42 and seen[10][2] == 347 and long > 1.08 * np.pi * 120, "OpenCV has changed"
PYTHON
