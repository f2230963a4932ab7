#!/usr/bin/env bash
# read-roi places outlines of a large image at their coordinates less 65536, and drops the fractions of all.
# Guess: the outlines that roifile, or ImageJ with subpixel resolution, wrote are read as they are: 70010.25 is 70010.25.
# Seen: a square from 70010.25 to 70030.75 is read from 4474 to 4495, one from 10.25 to 30.75 from 10 to 31: its area is
#   441 for 420.25. The whole numbers of 16 bits in the file are read, not the floats behind them. roifile reads them. Cells of
#   a slide are shown and measured at other places. No warning.
# Version: read-roi==1.6.0 roifile==2026.2.10 numpy==2.4.6
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet read-roi==1.6.0 roifile==2026.2.10 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" -W error - <<'PYTHON'
import numpy as np
import roifile
from read_roi import read_roi_file

SQUARE = np.array([[0.25, 0.25], [20.75, 0.25], [20.75, 20.75], [0.25, 20.75]])


def area(points):
    x, y = np.transpose(points).astype(float)
    return abs(np.dot(x, np.roll(y, 1)) - np.dot(y, np.roll(x, 1))) / 2


seen = {}
for place in (10, 70010):
    roifile.ImagejRoi.frompoints(SQUARE + place).tofile(f"{place}.roi")
    exact = roifile.ImagejRoi.fromfile(f"{place}.roi").coordinates()
    read = read_roi_file(f"{place}.roi")[str(place)]
    points = np.transpose([read["x"], read["y"]])
    seen[place] = points.min(), points.max(), area(points)
    print(f"from {place}.25: roifile {exact.min()} to {exact.max()}, area {area(exact):.2f}; read-roi {seen[place][0]} to "
          f"{seen[place][1]}, area {seen[place][2]:.0f}")
    assert np.allclose(exact, SQUARE + place, atol=0.01)
assert seen[10] == (10, 31, 441) and seen[70010] == (4474, 4495, 441), "read-roi has changed"
PYTHON
