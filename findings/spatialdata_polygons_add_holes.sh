#!/usr/bin/env bash
# spatialdata makes polygons of labels that add the area of holes, and lie half a pixel beside the labels.
# Guess: to_polygons leaves a hole out of the object, and the polygon of an object has the centroid that get_centroids
#   gives for the same object of the label image.
# Seen: a ring of 1500 pixels (40 x 40 with a hole of 10 x 10) has an area of 1699: the hole is a second, filled polygon
#   of the object. So does an object around another one. A square of rows and columns 60 to 69 has the centroid (65, 65)
#   as labels and (64.5, 64.5) as polygon, in one coordinate system, and an area of 99.5. What is 1 pixel has 0.5.
# Version: spatialdata==0.7.3 numpy==2.4.6
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet spatialdata==0.7.3 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import numpy as np
import spatialdata
from spatialdata.models import Labels2DModel

labels = np.zeros((100, 100), np.int32)
labels[10:50, 10:50], labels[20:30, 20:30] = 1, 0
labels[60:70, 60:70] = 2
labels[80, 80] = 3
labels[60:80, 10:30], labels[65:75, 15:25] = 4, 5
element = Labels2DModel.parse(labels, dims=("y", "x"))
polygons = spatialdata.to_polygons(element)
of_labels = spatialdata.get_centroids(element).compute()
areas, centroids = {}, {}
for number, shape in zip(polygons["label"], polygons.geometry, strict=True):
    areas[int(number)] = shape.area
    centroids[int(number)] = (shape.centroid.x, shape.centroid.y), tuple(of_labels.loc[number, ["x", "y"]])
    print(f"object {number}: {(labels == number).sum()} pixels, polygon {shape.area}, valid: {shape.is_valid}")
print("centroid of the square: polygon {}, labels {}".format(*centroids[2]))
assert areas == {1: 1699.0, 2: 99.5, 3: 0.5, 4: 399.5 + 99.5, 5: 99.5}, "spatialdata has changed"
assert centroids[2] == ((64.5, 64.5), (65.0, 65.0)), "spatialdata has changed"
PYTHON
