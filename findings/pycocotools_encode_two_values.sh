#!/usr/bin/env bash
# pycocotools' encode of a mask with two values other than 0 gives another mask, the background among it.
# Guess: every pixel other than 0 is in the mask, so that 255 will do (it does), and so will a soft mask or the labels
#   of two objects.
# Seen: an object of 8 x 8 pixels of 255 comes back as 64 pixels. With its lower half 128 it comes back as 160, of which
#   128 are background; with a rim of 128, as a resized mask has, as 28; with its right half 128, as 64. Down the
#   columns, each change of value turns the mask on or off. So does faster-coco-eval. No error, no warning.
# Version: pycocotools==2.0.11 faster-coco-eval==1.8.0 numpy==2.4.6
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet pycocotools==2.0.11 faster-coco-eval==1.8.0 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
import faster_coco_eval.core.mask
import numpy as np
import pycocotools.mask

plain = np.zeros((40, 40), np.uint8, order="F")
plain[10:18, 10:18] = 255
masks = {"one value": plain, "right half": plain.copy("F"), "lower half": plain.copy("F"), "rim": plain.copy("F")}
masks["right half"][10:18, 14:18] = 128
masks["lower half"][14:18, 10:18] = 128
masks["rim"][10:18, 10:18] = 128
masks["rim"][11:17, 11:17] = 255
seen = {}
for name, mask in masks.items():
    found = []
    for library in (pycocotools.mask, faster_coco_eval.core.mask):
        back = library.decode(library.encode(mask)) > 0
        found.append((int(back.sum()), int((back & (mask == 0)).sum())))
    seen[name] = found[0]
    assert found[0] == found[1], "the two libraries differ"
    print(f"{name}: {(mask > 0).sum()} pixels, encoded and decoded {found[0][0]}, of them background {found[0][1]}")
assert seen["one value"] == seen["right half"] == (64, 0)
assert seen["lower half"] == (160, 128) and seen["rim"] == (28, 0), "pycocotools has changed"
PYTHON
