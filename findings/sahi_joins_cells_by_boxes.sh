#!/usr/bin/env bash
# sahi, which joins the objects of overlapping tiles, joins cells whose masks lie apart if their boxes overlap.
# Guess: objects with masks are compared by their masks, so that two cells without a common pixel stay two.
# Seen: a curved cell of 159 pixels and a round one of 193 beside it, in its bend, become one object of 352 pixels, with
#   the default postprocessing (GREEDYNMM, IOS 0.5); NMS drops the round one. Masks are used only afterwards, for the
#   outline of what was joined. With the metric IOU and the same limit they stay two, by chance of their boxes.
# Version: sahi==0.12.8 opencv-python-headless==5.0.0.93 shapely==2.2.0 numpy==2.4.6
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet sahi==0.12.8 opencv-python-headless==5.0.0.93 shapely==2.2.0 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import numpy as np
from sahi.postprocess.combine import GreedyNMMPostprocess, NMSPostprocess
from sahi.prediction import ObjectPrediction
from sahi.utils.cv import get_coco_segmentation_from_bool_mask

row, column = np.mgrid[:40, :40]
curved = np.zeros((40, 40), bool)
curved[2:30, 2:5] = curved[27:30, 2:30] = True
round_ = np.hypot(row - 14, column - 16) < 8
assert not (curved & round_).any()


def detection(mask, score):
    outline = get_coco_segmentation_from_bool_mask(mask)
    return ObjectPrediction(segmentation=outline, category_id=0, score=score, full_shape=[40, 40], shift_amount=[0, 0])


print(f"two cells of {curved.sum()} and {round_.sum()} pixels, of which none is in both")
seen = {}
for method in (GreedyNMMPostprocess, NMSPostprocess):
    for metric in ("IOS", "IOU"):
        joined = method(match_threshold=0.5, match_metric=metric)([detection(curved, 0.9), detection(round_, 0.8)])
        seen[method, metric] = [int(one.mask.bool_mask.sum()) for one in joined]
        print(f"{method.__name__}, {metric}: {seen[method, metric]}")
both = [int(curved.sum()), int(round_.sum())]
assert seen[GreedyNMMPostprocess, "IOU"] == seen[NMSPostprocess, "IOU"] == both
assert seen[NMSPostprocess, "IOS"] == both[:1], "sahi has changed"
assert seen[GreedyNMMPostprocess, "IOS"] == [sum(both)], "sahi has changed"
PYTHON
