#!/usr/bin/env bash
# segmentation_models_pytorch's "weighted-imagewise" score of a perfect result is 1 divided by the number of classes.
# Guess: with class weights of 1 the reductions "weighted-imagewise" and "macro-imagewise" agree, and a result that
#   equals its truth scores 1, as it does with "weighted".
# Seen: with 3 classes a perfect result has 0.333, with 5 classes 0.2, for IoU, F1, recall and all others: the weights are
#   scaled to a sum of 1, and the weighted scores are then averaged instead of added. "weighted" adds them. "macro" and
#   "macro-imagewise", given the same weights, divide likewise.
# Version: segmentation-models-pytorch==0.6.0 torch==2.13.0 numpy==2.4.6
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet torch==2.13.0 numpy==2.4.6
"$folder/venv/bin/pip" install --quiet --no-deps segmentation-models-pytorch==0.6.0
cd "$folder"
"$folder/venv/bin/python" -W error::FutureWarning - <<'PYTHON'
import importlib.util
import sysconfig
from pathlib import Path

import torch

# The scores need PyTorch alone; their file is loaded without the package, which needs encoders of others.
file = Path(sysconfig.get_path("purelib"), "segmentation_models_pytorch", "metrics", "functional.py")
spec = importlib.util.spec_from_file_location("functional", file)
metrics = importlib.util.module_from_spec(spec)
spec.loader.exec_module(metrics)

seen = {}
for classes in (2, 3, 5):
    truth = torch.randint(0, classes, (4, 32, 32), generator=torch.Generator().manual_seed(0))
    counts = metrics.get_stats(truth, truth, mode="multiclass", num_classes=classes)
    for reduction in ("macro-imagewise", "weighted", "weighted-imagewise"):
        weights = [1.0] * classes if "weighted" in reduction else None
        scores = [
            round(float(score(*counts, reduction=reduction, class_weights=weights)), 3)
            for score in (metrics.iou_score, metrics.f1_score, metrics.recall)
        ]
        seen[classes, reduction] = scores
        print(f"{classes} classes, {reduction}: IoU {scores[0]}, F1 {scores[1]}, recall {scores[2]} of a perfect result")
for (classes, reduction), scores in seen.items():
    right = round(1 / classes, 3) if reduction == "weighted-imagewise" else 1
    assert scores == [right] * 3, "segmentation_models_pytorch has changed"
PYTHON
