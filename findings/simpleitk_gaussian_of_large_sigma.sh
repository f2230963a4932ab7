#!/usr/bin/env bash
# SimpleITK's DiscreteGaussian cuts its kernel off at 65 pixels, and from a sigma of 27 every pixel of its result is NaN.
# Guess: DiscreteGaussian(image, variance=400) has a standard deviation of 20 pixels, and 900 of 30.
# Seen: a single bright pixel is spread with a variance of 249 for 400: the kernel ends at maximumKernelWidth=32 pixels from
#   its centre. With a variance of 710 or more, an image that is 1000 everywhere is NaN everywhere, and a wider kernel does
#   not help, while 700 is right with one. No error, no warning. SmoothingRecursiveGaussian(image, 30.0) is right.
# Version: simpleitk==2.5.7 numpy==2.4.6
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet simpleitk==2.5.7 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" -W error - <<'PYTHON'
import numpy as np
import SimpleITK as sitk

column = np.arange(401.0)
point = np.zeros((401, 401), np.float32)
point[200, 200] = 1
given, even = sitk.GetImageFromArray(point), sitk.GetImageFromArray(np.full((200, 200), 1000, np.float32))


def variance(image):
    """Variance in pixels along a row of what became of the point."""
    pixels = sitk.GetArrayFromImage(image).astype(float)
    return round(float((pixels * (column - 200) ** 2).sum() / pixels.sum()), 1)


asked = (25, 400, 700, 710, 900)
seen = [variance(sitk.DiscreteGaussian(given, one)) for one in asked]
wide = [variance(sitk.DiscreteGaussian(given, one, 300)) for one in asked[:3]]
recursive = [variance(sitk.SmoothingRecursiveGaussian(given, one**0.5)) for one in asked]
lost = [int(np.isnan(sitk.GetArrayFromImage(sitk.DiscreteGaussian(even, one, 300))).sum()) for one in asked]
print(f"variance asked for {asked}")
print(f"DiscreteGaussian {seen}, to 700 with a kernel of 300 pixels {wide}")
print(f"SmoothingRecursiveGaussian {recursive}")
print(f"pixels of NaN in an even image of 40000, with a kernel of 300 pixels {lost}")
assert all(abs(found / one - 1) < 0.1 for found, one in [*zip(wide, asked), *zip(recursive, asked)])
assert seen[:3] == [23.5, 248.8, 295.5] and lost == [0, 0, 0, 40000, 40000], "SimpleITK has changed"
PYTHON
