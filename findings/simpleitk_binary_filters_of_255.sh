#!/usr/bin/env bash
# SimpleITK's binary filters leave a mask of 0 and 255 as it is: nothing is eroded, filled or opened.
# Guess: BinaryErode, BinaryFillhole and the others take what is not 0 for the foreground, as OpenCV, SciPy and
#   scikit-image do, so a mask of 255, as OpenCV and ImageJ write them, gives the same as one of 1.
# Seen: of a mask of 1 BinaryErode takes 173 pixels, BinaryDilate adds 180, BinaryFillhole fills 16 and
#   BinaryMorphologicalOpening takes a lone pixel away; of 255 all of them give the mask back, BinaryThinning alone does
#   its work. Of a label image they change object 1 alone. The foreground is 1, or what foregroundValue says. No
#   warning.
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

row, column = np.mgrid[:64, :64]
mask = (np.hypot(row - 32, column - 32) < 20).astype(np.uint8)
mask[30:34, 30:34], mask[4, 4] = 0, 1
names = [
    "BinaryErode",
    "BinaryDilate",
    "BinaryFillhole",
    "BinaryMorphologicalOpening",
    "BinaryMorphologicalClosing",
    "BinaryContour",
    "BinaryThinning",
    "BinaryOpeningByReconstruction",
]
seen = {}
for name in names:
    results = [
        SimpleITK.GetArrayFromImage(getattr(SimpleITK, name)(SimpleITK.GetImageFromArray(value * mask)))
        for value in (1, 255)
    ]
    seen[name] = [int((result > 0).sum()) - int(mask.sum()) for result in results]
    print(f"{name}: {seen[name][0]:+d} pixels of a mask of 1, {seen[name][1]:+d} of a mask of 255")
thinned = seen.pop("BinaryThinning")
assert thinned[0] == thinned[1] < 0 and seen["BinaryErode"][0] == -173 and seen["BinaryFillhole"][0] == 16
assert all(of_255 == 0 for _, of_255 in seen.values()), "SimpleITK has changed"
PYTHON
