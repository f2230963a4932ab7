#!/usr/bin/env bash
# SimpleITK's Maurer distances and mahotas' are squares of distances; SimpleITK's leave out the size of a pixel, too.
# Guess: 5 pixels beside an object the map is 5, or 2.5 for pixels of 0.5 µm; at the middle of a disc of radius 10 it is 10.
# Seen: SignedMaurerDistanceMap gives 25 there, with spacing and without; mahotas.distance 101 at the middle, where 10.05
#   is right. Of the disc's pixels 193 are "6 or more" from its rim, in truth 61. squaredDistance=False with
#   useImageSpacing=True, and metric="euclidean", give distances; SimpleITK's DanielssonDistanceMap does so by itself.
# Version: simpleitk==2.5.7 mahotas==1.4.19 numpy==2.4.6
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet simpleitk==2.5.7 mahotas==1.4.19 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import mahotas
import numpy as np
import SimpleITK as sitk

row, column = np.mgrid[:61, :61]
disc = np.hypot(row - 30, column - 30) <= 10
image = sitk.GetImageFromArray(disc.astype(np.uint8))
image.SetSpacing((0.5, 0.5))  # µm
beside, middle = (30, 45), (30, 30)
maps = {
    "SignedMaurerDistanceMap": sitk.SignedMaurerDistanceMap(image),
    "the same, asked to": sitk.SignedMaurerDistanceMap(image, squaredDistance=False, useImageSpacing=True),
    "DanielssonDistanceMap": sitk.DanielssonDistanceMap(image),
}
seen = {}
for name, result in maps.items():
    values = sitk.GetArrayFromImage(result)
    seen[name] = round(float(values[beside]), 2), round(float(values[middle]), 2)
    print("{}: 5 pixels beside {}, at the middle {}".format(name, *seen[name]))
squared, right = mahotas.distance(disc), mahotas.distance(disc, metric="euclidean")
print(f"mahotas: at the middle {squared[middle]}, with metric='euclidean' {right[middle]:.2f}; ", end="")
print(f"pixels with 6 or more: {(squared >= 6).sum()} and {(right >= 6).sum()}")
assert seen["SignedMaurerDistanceMap"][0] == 25 and seen["the same, asked to"][0] == 2.5, "changed"
assert np.allclose(squared, right**2) and squared[middle] == 101, "mahotas has changed"
PYTHON
