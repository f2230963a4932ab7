#!/usr/bin/env bash
# OpenCV draws nothing for an open polyline of one point, and a dot for a closed one.
# Guess: a stroke of a brush that is one click is a dot as thick as the stroke, as cv2.line draws it between equal ends.
# Seen: cv2.polylines of one point leaves the image as it was with isClosed=False, of any thickness; with isClosed=True,
#   or the point given twice, it draws the same 29 pixels (thickness 5) as cv2.line. A click that is to add to a cell, or
#   to erase from it, does nothing without an error.
# Version: opencv-python-headless==5.0.0.93 numpy==2.4.6
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet opencv-python-headless==5.0.0.93 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
import cv2
import numpy as np


def drawn(draw):
    image = np.zeros((21, 21), np.uint8)
    draw(image)
    return int(np.count_nonzero(image))


click = np.array([[10, 10]], np.int32)
for thickness, dot in ((1, 1), (5, 29)):
    open_stroke = drawn(lambda image: cv2.polylines(image, [click], False, 255, thickness))
    closed = drawn(lambda image: cv2.polylines(image, [click], True, 255, thickness))
    twice = drawn(lambda image: cv2.polylines(image, [np.repeat(click, 2, axis=0)], False, 255, thickness))
    line = drawn(lambda image: cv2.line(image, (10, 10), (10, 10), 255, thickness))
    print(f"thickness {thickness}: open {open_stroke}, closed {closed}, point twice {twice}, line {line} pixels")
    assert (open_stroke, closed, twice, line) == (0, dot, dot, dot)
PYTHON
