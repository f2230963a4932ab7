#!/usr/bin/env bash
# SimpleITK's ball of radius 1 is a square of 3 x 3 pixels: BinaryDilate grows objects over corners, too.
# Guess: the default kernel, sitkBall, of radius 1 is a pixel and its 4 neighbours, as scikit-image's disk(1) is.
# Seen: balls of radius 1, 2 and 3 have 9, 21 and 37 pixels, discs 5, 13 and 29; in 3-D radius 1 has 19 voxels, a sphere
#   7. So a dilation by 1 grows objects over corners, and an erosion by 1 takes pixels that touch the background at a
#   corner only. sitkCross is the one of 5 pixels.
# Version: SimpleITK==2.5.7 scikit-image==0.26.0 numpy==2.4.6
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet SimpleITK==2.5.7 scikit-image==0.26.0 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
import numpy as np
import SimpleITK as sitk
from skimage.morphology import ball, disk


def dilated(dimensions, radius, kernel=sitk.sitkBall):
    point = np.zeros((9,) * dimensions, np.uint8)
    point[(4,) * dimensions] = 1
    return int(sitk.GetArrayFromImage(sitk.BinaryDilate(sitk.GetImageFromArray(point), (radius,) * dimensions, kernel)).sum())


flat = {radius: (dilated(2, radius), int(disk(radius).sum())) for radius in (1, 2, 3)}
deep = {radius: (dilated(3, radius), int(ball(radius).sum())) for radius in (1, 2, 3)}
for dimensions, seen in ((2, flat), (3, deep)):
    for radius, (simpleitk, skimage) in seen.items():
        print(f"{dimensions}-D, radius {radius}: SimpleITK {simpleitk} pixels, scikit-image {skimage}")
print("sitkCross of radius 1:", dilated(2, 1, sitk.sitkCross))
assert flat == {1: (9, 5), 2: (21, 13), 3: (37, 29)}, "a library has changed"
assert deep[1] == (19, 7) and dilated(2, 1, sitk.sitkCross) == 5, "a library has changed"
PYTHON
