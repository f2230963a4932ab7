#!/usr/bin/env bash
# OpenCV's fillPoly of several outlines leaves out what two of them share; one call for each outline does not.
# Guess: a list of outlines is drawn as each of them alone: the mask is their union.
# Seen: of two squares of 13 x 13 pixels that overlap, one call paints 264 pixels, two calls 289; the inner 25 of the
#   shared pixels are background. An outline that is there twice leaves its border alone. drawContours does the same.
#   A mask of crowded nuclei drawn so has holes where their outlines overlap.
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


def square(at):
    return np.array([[at, at], [at + 12, at], [at + 12, at + 12], [at, at + 12]], np.int32)


def painted(calls, draw):
    mask = np.zeros((30, 30), np.uint8)
    for outlines in calls:
        draw(mask, outlines)
    return int(mask.sum())


def fill(mask, outlines):
    cv2.fillPoly(mask, outlines, 1)


def draw_all(mask, outlines):
    cv2.drawContours(mask, outlines, -1, 1, cv2.FILLED)


first, second = square(4), square(10)
seen = {}
for name, draw in (("fillPoly", fill), ("drawContours", draw_all)):
    at_once, one_by_one = painted([[first, second]], draw), painted([[first], [second]], draw)
    twice = painted([[first, first]], draw)
    seen[name] = at_once, one_by_one, twice
    print(f"{name}: at once {at_once} pixels, one by one {one_by_one}, the same outline twice {twice} of 169")
assert seen["fillPoly"] == (264, 289, 48), "OpenCV has changed"
assert seen["drawContours"] == (264, 289, 48), "OpenCV has changed"
PYTHON
