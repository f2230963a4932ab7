#!/usr/bin/env bash
# A box beside a mask in the predictions changes COCO's AP by size of the masks.
# Guess: COCO.loadRes takes a mask's area from the mask (a box is there for convenience), and COCOeval('segm')
#   scores masks, so that boxes in the results file change nothing.
# Seen: with a box the area is the box's: 10300 for a thin slanted mask of 400 pixels. It then counts as a large
#   object, and ten such false detections leave AP of small objects at 1.0 instead of 0.5.
# Version: pycocotools==2.0.11 numpy==2.4.6
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet pycocotools==2.0.11 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
import contextlib
import io

import numpy as np
from pycocotools import mask
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval


def rle(top, left, thin):
    plane = np.zeros((300, 2000), np.uint8, order="F")
    if thin:  # a slanted line, 4 pixels wide, 100 rows high: 400 pixels in a box of 100 x 103
        for step in range(100):
            plane[top + step, left + step : left + step + 4] = 1
    else:
        plane[top : top + 20, left : left + 20] = 1
    return mask.encode(plane)


def scores(with_box):
    squares = [rle(10, 20 + 100 * number, thin=False) for number in range(10)]
    lines = [rle(100, 20 + 150 * number, thin=True) for number in range(10)]
    own = {"image_id": 1, "category_id": 1}
    truth = [
        {**own, "id": n + 1, "segmentation": one, "bbox": mask.toBbox(one).tolist(), "area": 400, "iscrowd": 0}
        for n, one in enumerate(squares)
    ]
    found = [{**own, "segmentation": one, "score": 0.5} for one in squares]
    found += [{**own, "segmentation": one, "score": 0.9} for one in lines]
    for result in found if with_box else ():
        result["bbox"] = mask.toBbox(result["segmentation"]).tolist()
    with contextlib.redirect_stdout(io.StringIO()):
        coco = COCO()
        images, categories = [{"id": 1, "width": 2000, "height": 300}], [{"id": 1, "name": "nucleus"}]
        coco.dataset = {"info": {}, "images": images, "categories": categories, "annotations": truth}
        coco.createIndex()
        results = coco.loadRes(found)
        evaluation = COCOeval(coco, results, "segm")
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    return float(results.anns[11]["area"]), round(float(evaluation.stats[3]), 3)


without, with_box = scores(with_box=False), scores(with_box=True)
print(f"area of the first line and AP of small objects: masks only {without}, masks with boxes {with_box}")
assert without == (400, 0.5) and with_box == (10300, 1.0), "pycocotools has changed"
PYTHON
