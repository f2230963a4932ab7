#!/usr/bin/env bash
# SimpleITK's false positive error gets smaller when the image gets larger, its false negative error does not.
# Guess: LabelOverlapMeasures gives the false positives as a share of the pixels found, or of those of the truth, as it
#   gives the false negatives as a share of the truth: a matter of the two masks.
# Seen: masks of 100 and 200 pixels that share 50 have a false negative error of 0.75 in images of 40 x 40, 100 x 100
#   and 400 x 400 pixels, and a false positive error of 0.0357, 0.0051 and 0.0003: it is a share of the background, so
#   any result is good in an image that is large enough. Dice and Jaccard do not change.
# Version: SimpleITK==2.5.7 numpy==2.4.6
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet SimpleITK==2.5.7 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" -W error - <<'PYTHON'
import numpy as np
import SimpleITK

seen = {}
for side in (40, 100, 400):
    found, truth = np.zeros((2, side, side), np.uint8)
    found[:10, :10], truth[:10, 5:25] = 1, 1
    overlap = SimpleITK.LabelOverlapMeasuresImageFilter()
    overlap.Execute(SimpleITK.GetImageFromArray(found), SimpleITK.GetImageFromArray(truth))
    seen[side] = overlap.GetFalseNegativeError(1), overlap.GetFalsePositiveError(1), overlap.GetDiceCoefficient(1)
    swapped = SimpleITK.LabelOverlapMeasuresImageFilter()
    swapped.Execute(SimpleITK.GetImageFromArray(truth), SimpleITK.GetImageFromArray(found))
    print(
        f"{side} x {side}: false negatives {seen[side][0]:.4f}, false positives {seen[side][1]:.4f}, "
        f"Dice {seen[side][2]:.4f}; "
        f"exchanged {swapped.GetFalseNegativeError(1):.4f}, {swapped.GetFalsePositiveError(1):.4f}"
    )
assert all(values[0] == 0.75 and abs(values[2] - 1 / 3) < 1e-6 for values in seen.values())
right = {side: 50 / (side * side - 200) for side in seen}
assert all(abs(seen[side][1] - right[side]) < 1e-6 for side in seen), "SimpleITK has changed"
PYTHON
