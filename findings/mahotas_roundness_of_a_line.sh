#!/usr/bin/env bash
# mahotas' roundness is the larger the longer an object is: a disc has 0.79, a square 1.22 and a line of 150 pixels 11.9.
# Guess: roundness is 1 for a disc and less for everything else, as in ImageJ, SimpleITK and CellProfiler's FormFactor.
# Seen: discs have 0.70 (radius 3) to 0.79 (radius 40), an ellipse of 2 : 1 has 1.01, one of 12 : 1 has 4.92: a filter
#   "roundness > 0.8" for round nuclei keeps debris and removes every disc. It is the square of the number of border
#   pixels, divided by 4 pi times the area.
# Version: mahotas==1.4.19 simpleitk==2.5.7 numpy==2.4.6
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet mahotas==1.4.19 simpleitk==2.5.7 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" -W error - <<'PYTHON'
import mahotas
import numpy as np
import SimpleITK as sitk

row, column = np.mgrid[:300, :300] - 150
masks = {f"disc of radius {radius}": np.hypot(row, column) <= radius for radius in (3, 10, 40)}
masks |= {f"ellipse {a} : {b}": (row / a) ** 2 + (column / b) ** 2 <= 1 for a, b in ((60, 30), (120, 10))}
masks |= {"line": (row == 0) & (abs(column) < 75)}
seen = {}
for name, mask in masks.items():
    shapes = sitk.LabelShapeStatisticsImageFilter()
    shapes.Execute(sitk.GetImageFromArray(mask.astype(np.uint8)))
    border = mahotas.bwperim(mask).sum()
    seen[name] = round(float(mahotas.features.roundness(mask)), 2)
    print(f"{name}: mahotas {seen[name]}, SimpleITK {shapes.GetRoundness(1):.2f}")
    assert round(float(border**2 / (4 * np.pi * mask.sum())), 2) == seen[name], "mahotas has changed"
assert list(seen.values()) == [0.7, 0.79, 0.79, 1.01, 4.92, 11.86], f"mahotas has changed: {seen}"
PYTHON
