#!/usr/bin/env bash
# COCOeval counts the object whose annotation id is 0 as missed, and its detection as false.
# Guess: ids are names: perfect predictions score AP 1.0 whether the annotations are numbered from 0 or from 1.
# Seen: numbered from 1 AP is 1.0, numbered from 0 it is 0.811 with 10 objects: the match is stored as the id of the
#   annotation, and 0 stands for none. Tools that number annotations by their place in a list lose it in silence.
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

from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval


def average_precision(first_id):
    boxes = [[10 + 50 * number, 10, 20, 20] for number in range(10)]
    outlines = [[[x, y, x + w, y, x + w, y + h, x, y + h]] for x, y, w, h in boxes]
    own = {"image_id": 1, "category_id": 1}
    truth = [
        {**own, "id": first_id + number, "bbox": box, "segmentation": outline, "area": 400, "iscrowd": 0}
        for number, (box, outline) in enumerate(zip(boxes, outlines, strict=True))
    ]
    found = [{**own, "segmentation": line, "score": 0.9 - number / 100} for number, line in enumerate(outlines)]
    with contextlib.redirect_stdout(io.StringIO()):
        coco = COCO()
        images, categories = [{"id": 1, "width": 600, "height": 100}], [{"id": 1, "name": "nucleus"}]
        coco.dataset = {"info": {}, "images": images, "categories": categories, "annotations": truth}
        coco.createIndex()
        for result in found:
            result["segmentation"] = coco.annToRLE({"image_id": 1, "segmentation": result["segmentation"]})
        scores = COCOeval(coco, coco.loadRes(found), "segm")
        scores.evaluate()
        scores.accumulate()
        scores.summarize()
    return float(scores.stats[0])


from_0, from_1 = average_precision(0), average_precision(1)
print(f"AP of perfect predictions, annotations numbered from 1: {from_1:.3f}, from 0: {from_0:.3f}")
assert round(from_1, 3) == 1.0 and round(from_0, 3) == 0.811, "pycocotools has changed"
PYTHON
