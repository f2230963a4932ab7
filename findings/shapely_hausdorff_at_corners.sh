#!/usr/bin/env bash
# shapely's Hausdorff distance of two outlines is measured at their corners only: 30 for 41.7.
# Guess: hausdorff_distance of a square cell and the same cell with a notch down to a depth of 70 is the largest
#   distance of any point of one outline from the other, 41.7, however few corners the outlines have.
# Seen: it is 30, from the tip of the notch to the side below. The points on the flanks of the notch that are 41.7 from
#   every side of the square lie between corners, and are not measured. With densify=0.01, which adds points, it is
#   41.5. Outlines that were simplified, which have few corners, so look closer to a truth than those of all pixels.
# Version: shapely==2.2.0 numpy==2.4.6
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet shapely==2.2.0 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" -W error - <<'PYTHON'
import numpy as np
import shapely

whole = shapely.box(0, 0, 100, 100)
notched = shapely.Polygon([(0, 0), (100, 0), (100, 100), (50, 30), (0, 100)])
points = [
    shapely.line_interpolate_point(shape.exterior, np.linspace(0, 1, 20001), normalized=True)
    for shape in (whole, notched)
]
right = max(
    shapely.distance(points[0], notched.exterior).max(),
    shapely.distance(points[1], whole.exterior).max(),
)
seen = shapely.hausdorff_distance(whole.exterior, notched.exterior)
dense = shapely.hausdorff_distance(whole.exterior, notched.exterior, densify=0.01)
print(f"hausdorff_distance {seen:.2f}, with densify=0.01 {dense:.2f}, of 20001 points on each outline {right:.2f}")
assert abs(dense - right) < 0.3 and abs(right - 41.67) < 0.01
assert seen == 30, "shapely has changed"
PYTHON
