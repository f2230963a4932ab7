#!/usr/bin/env bash
# napari's Shapes.to_labels gives a shared pixel to the shape that was drawn first, which lies below on the screen.
# Guess: what is drawn later lies above and covers, in the label image as on the screen: a nucleus that is drawn into a
#   cell has its pixels.
# Seen: a nucleus drawn after the cell around it has none: the label image holds the cell alone, and to_masks both. Drawn
#   before the cell it has all its 25 pixels. Of two cells that share a border of one row the first has it. The number 2 is
#   missing, and counting by maximum or by shapes disagrees.
# Version: napari==0.9.2 numpy==2.4.6
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet napari==0.9.2 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import numpy as np
from napari.layers import Shapes


def square(start, end):
    return np.array([[start, start], [start, end], [end, end], [end, start]], float)


cell, nucleus = square(5, 15), square(8, 12)
seen = {}
for name, outlines in {"cell, then nucleus": [cell, nucleus], "nucleus, then cell": [nucleus, cell]}.items():
    layer = Shapes(outlines, shape_type="polygon")
    labels, masks = layer.to_labels((30, 30)), layer.to_masks((30, 30))
    seen[name] = [int((labels == id_).sum()) for id_ in (1, 2)]
    print(f"{name}: pixels in the label image {seen[name]}, in masks {masks.sum(axis=(1, 2)).tolist()}")
    assert sorted(masks.sum(axis=(1, 2)).tolist()) == [25, 121]
assert seen == {"cell, then nucleus": [121, 0], "nucleus, then cell": [25, 96]}, "napari has changed"
PYTHON
