#!/usr/bin/env bash
# StarDist scores an image without nuclei, in which none was found, 0: each empty field lowers the score of a data set.
# Guess: a right answer doesn't lower a score: an empty image counts 1, or is left out of the mean.
# Seen: one image of 25 nuclei and one without, both as in the truth: matching_dataset(by_image=True) has F1 and panoptic
#   quality 0.5, and 1 with by_image=False. monai's panoptic quality is 0 for the empty image; of torchmetrics,
#   GeneralizedDiceScore gives 0.5 for both and DiceScore 1. The same network scores differently on plates with more
#   empty fields, and by another package.
# Version: stardist==0.9.2 monai==1.6.1 torchmetrics==1.9.0 torch==2.13.0 numpy==2.4.6
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet stardist==0.9.2 monai==1.6.1 torchmetrics==1.9.0 torch==2.13.0 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import numpy as np
import torch
from monai.metrics import compute_panoptic_quality
from stardist.matching import matching, matching_dataset
from torchmetrics.segmentation import DiceScore, GeneralizedDiceScore

row, column = np.mgrid[:64, :64]
nuclei = np.where((row % 12 > 2) & (column % 12 > 2) & (row < 60) & (column < 60), 1 + row // 12 * 5 + column // 12, 0)
empty = np.zeros_like(nuclei)
by_image = matching_dataset([nuclei, empty], [nuclei, empty], by_image=True, show_progress=False)
at_once = matching_dataset([nuclei, empty], [nuclei, empty], by_image=False, show_progress=False)
alone = matching(empty, empty)
print(f"stardist: empty image F1 {alone.f1:g}; both, by image: F1 {by_image.f1:g}, PQ {by_image.panoptic_quality:g}")
print(f"stardist: both, objects of all images together: F1 {at_once.f1:g}, PQ {at_once.panoptic_quality:g}")
quality = [float(compute_panoptic_quality(torch.tensor(image), torch.tensor(image))) for image in (nuclei, empty)]
print(f"monai: PQ {quality[0]:.3f} with nuclei, {quality[1]:g} without")
classes = torch.tensor(np.stack([nuclei, empty]) > 0).long()
dice = [
    float(score(2, include_background=False, input_format="index", **given)(classes, classes))
    for score, given in ((GeneralizedDiceScore, {}), (DiceScore, {"average": "micro"}))
]
print(f"torchmetrics: GeneralizedDiceScore {dice[0]:g}, DiceScore {dice[1]:g}")
assert (alone.f1, by_image.f1, by_image.panoptic_quality, at_once.f1) == (0, 0.5, 0.5, 1), "stardist has changed"
assert quality[1] == 0 and dice == [0.5, 1], "monai or torchmetrics has changed"
PYTHON
