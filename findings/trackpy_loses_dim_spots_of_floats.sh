#!/usr/bin/env bash
# trackpy finds 42 of 64 spots in an image of 16 bits, 36 in the same numbers as floats and 16 in floats from 0 to 1.
# Guess: locate(image, 9) finds the same spots in the same image, no matter whether its numbers are integers or floats.
# Seen: 64 spots of the same width and 40 to 4000 grey values above a background of 100. Floats are filtered, and then
#   brought to 256 steps of the brightest spot; those below a step are gone, and the limit that the rest must pass, the 64th
#   percentile of what is left, is another. Before that everything below 1/255 becomes 0 in floats (threshold), which in an
#   image from 0 to 1 is most of the spots. With preprocess=False all 64 are found in each. No error, no warning.
# Version: trackpy==0.7 numpy==2.4.6 pandas==3.1.1
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet trackpy==0.7 pandas==3.1.1 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import numpy as np
import trackpy

trackpy.quiet()
row, column = np.mgrid[:256, :256]
places = [(y, x) for y in range(24, 256, 32) for x in range(24, 256, 32)]
image = np.full((256, 256), 100.0)
for (y, x), height in zip(places, np.geomspace(40, 4000, len(places)), strict=True):
    image += height * np.exp(-((row - y) ** 2 + (column - x) ** 2) / 8)
image = np.round(image).astype(np.uint16)
seen = {}
for name, one in (
    ("uint16", image),
    ("float32", image.astype(np.float32)),
    ("from 0 to 1", (image / 65535).astype(np.float32)),
):
    for options in ({}, {"preprocess": False}):
        spots = trackpy.locate(one, 9, **options)
        near = [np.hypot(spots["y"] - y, spots["x"] - x).min() < 1.5 for y, x in places]
        seen[name, bool(options)] = int(sum(near))
        print(f"{name} {options}: {sum(near)} of {len(places)} spots")
assert seen["uint16", True] == seen["float32", True] == seen["from 0 to 1", True] == 64
assert seen["from 0 to 1", False] < seen["float32", False] < seen["uint16", False], "trackpy has changed"
PYTHON
