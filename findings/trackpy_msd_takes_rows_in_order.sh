#!/usr/bin/env bash
# trackpy's mean squared displacement takes the rows of a table one after the other: of unsorted rows it is 83 for 1.
# Guess: msd, imsd and emsd, which get a table with the column "frame", take the frames from that column.
# Seen: a cell that moves by 1 pixel a frame for 20 frames has displacements of 1, 4 and 9. With the same rows in another
#   order, as after sorting by area or joining tables, they are 83, 68 and 57, in all three functions: a cell on its way is
#   one that jumps about in a cage. Rows are put to the frames in sorted order, but the positions are not. Frames that
#   are missing are handled by their number. No error, no warning.
# Version: trackpy==0.7 pandas==3.1.1 numpy==2.4.6
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet trackpy==0.7 pandas==3.1.1 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import numpy as np
import pandas as pd
import trackpy

frames = np.arange(20)
cell = pd.DataFrame({"frame": frames, "particle": 0, "y": 0.0, "x": 1.0 * frames})
seen = {}
for name, table in (
    ("sorted", cell),
    ("two frames missing", cell.drop([5, 6])),
    ("in another order", cell.sample(frac=1, random_state=0)),
):
    seen[name] = [
        np.ravel(values.iloc[:3]).astype(float).round(1).tolist()
        for values in (
            trackpy.msd(table, mpp=1, fps=1)["msd"],
            trackpy.imsd(table, mpp=1, fps=1),
            trackpy.emsd(table, mpp=1, fps=1),
        )
    ]
    print(f"{name}: msd {seen[name][0]}, imsd {seen[name][1]}, emsd {seen[name][2]}")
assert seen["sorted"] == seen["two frames missing"] == [[1.0, 4.0, 9.0]] * 3
assert all(values[0] > 20 and values[0] > values[2] for values in seen["in another order"]), "trackpy has changed"
PYTHON
