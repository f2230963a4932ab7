#!/usr/bin/env bash
# pylibCZIrw gives a plane that is not in a .czi file, as after a stopped acquisition, as an image of 0, without a word.
# Guess: a time point and channel that were never taken raise an error, as a time point beyond the last does.
# Seen: of two time points and two channels, of which the last was not written, total_bounding_box counts all four planes,
#   and the missing one is 0 in every pixel: a frame without a cell. It takes the colour that is asked for as background,
#   which a plane that was taken, and is black, does not; so one can distinguish them. Time point 2 of 2 is an error.
# Version: pylibczirw==6.1.0 numpy==2.4.6
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet pylibczirw==6.1.0 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import numpy as np
from pylibCZIrw import czi

with czi.create_czi("stopped.czi") as file:
    for time, channel, value in ((0, 0, 100), (0, 1, 0), (1, 0, 150)):
        file.write(np.full((60, 80, 1), value, np.uint16), plane={"T": time, "C": channel})
seen = {}
with czi.open_czi("stopped.czi") as file:
    sizes = {axis: file.total_bounding_box[axis][1] for axis in "TC"}
    for time in (0, 1):
        for channel in (0, 1):
            plane = {"T": time, "C": channel}
            black, white = (file.read(plane=plane, background_pixel=(c, c, c)) for c in (0.0, 1.0))
            seen[time, channel] = np.unique(black).tolist(), np.unique(white).tolist()
            print(f"time {time}, channel {channel}: {seen[time, channel][0]}, on white {seen[time, channel][1]}")
    try:
        file.read(plane={"T": 2, "C": 0})
        beyond = "no error"
    except RuntimeError as error:
        beyond = str(error)
print(f"sizes {sizes}; time 2: {beyond}")
assert sizes == {"T": 2, "C": 2} and "out-of-range" in beyond
assert seen[0, 0] == ([100], [100]) and seen[0, 1] == ([0], [0]) and seen[1, 0] == ([150], [150])
assert seen[1, 1] == ([0], [65535]), "pylibCZIrw has changed"
PYTHON
