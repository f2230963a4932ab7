#!/usr/bin/env bash
# pycocotools' AP stays at 100 detections an image when more are allowed, or becomes -1; AP50 and AP75 do not.
# Guess: params.maxDets = [1, 100, 1000] lets all scores of an image of many nuclei count 1000 of them.
# Seen: 150 perfect detections have AP 0.663 and AP50 1.000 with [1, 100, 1000], and AP -1 with [1, 10, 1000]: AP alone
#   is looked up at 100. faster-coco-eval gives 1.000 for both. By default both give 0.663 for all: 100 of 150 objects.
# Version: pycocotools==2.0.11 faster-coco-eval==1.8.0 numpy==2.4.6
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet pycocotools==2.0.11 faster-coco-eval==1.8.0 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
import contextlib
import copy
import io

import faster_coco_eval
import numpy as np
from pycocotools import mask
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

truth, found = [], []
for number in range(150):
    plane = np.zeros((400, 400), np.uint8, order="F")
    top, left = 20 * (number // 20), 20 * (number % 20)
    plane[top + 2 : top + 14, left + 2 : left + 14] = 1
    encoded = mask.encode(plane)
    encoded["counts"] = encoded["counts"].decode()
    own = {"image_id": 1, "category_id": 1, "segmentation": encoded}
    box = mask.toBbox(encoded).tolist()
    truth.append({**own, "id": number + 1, "area": 144.0, "bbox": box, "iscrowd": 0})
    found.append({**own, "score": 0.9 - 0.001 * number})
images, categories = [{"id": 1, "width": 400, "height": 400}], [{"id": 1, "name": "nucleus"}]


def scores(dataset, evaluation, most):
    """AP over all IoUs, and AP at an IoU of 0.5."""
    with contextlib.redirect_stdout(io.StringIO()):
        coco = dataset()
        coco.dataset = {"info": {}, "images": images, "categories": categories, "annotations": copy.deepcopy(truth)}
        coco.createIndex()
        run = evaluation(coco, coco.loadRes(copy.deepcopy(found)), "segm")
        if most:
            run.params.maxDets = most
        run.evaluate()
        run.accumulate()
        run.summarize()
    return round(float(run.stats[0]), 3), round(float(run.stats[1]), 3)


seen = {}
for most in (None, [1, 100, 1000], [1, 10, 1000]):
    other = scores(faster_coco_eval.COCO, faster_coco_eval.COCOeval_faster, most)
    seen[str(most)] = scores(COCO, COCOeval, most), other
    print(f"maxDets {most}: AP and AP50 of pycocotools {seen[str(most)][0]}, of faster-coco-eval {other}")
assert seen["None"] == ((0.663, 0.663), (0.663, 0.663)), "a library has changed"
assert seen["[1, 100, 1000]"] == ((0.663, 1.0), (1.0, 1.0)), "a library has changed"
assert seen["[1, 10, 1000]"] == ((-1.0, 1.0), (1.0, 1.0)), "a library has changed"
PYTHON
