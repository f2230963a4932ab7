#!/usr/bin/env bash
# MONAI shifts the grey values of 8-bit images around the end of their range, and finds no edge in whole numbers.
# Guess: ShiftIntensity and RandShiftIntensity of 8-bit images either change the type, as NormalizeIntensity and
#   ScaleIntensity do, or stop at 0 and 255; SobelGradients gives differences in any type.
# Seen: brighter by 60, nuclei of 230 on a background of 20 become 34 on 80, so they are dark; 60 darker, the background
#   becomes 216. In 16 bits, which become int32, and in floats they are right. SobelGradients is 0 everywhere in 8 and
#   in 16 bits and 105 in floats: its kernel, of numbers below 1, is cut to whole numbers.
# Version: monai==1.6.1 torch==2.13.0 numpy==2.4.6
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet monai==1.6.1 torch==2.13.0 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import numpy as np
from monai.transforms import RandShiftIntensity, ShiftIntensity, SobelGradients

image = np.full((1, 40, 40), 20.0)
image[0, 10:30, 10:30] = 230
seen = {}
for dtype in (np.uint8, np.uint16, np.float32):
    pixels = image.astype(dtype)
    brighter, darker = (np.asarray(ShiftIntensity(offset)(pixels), float) for offset in (60, -60))
    random = RandShiftIntensity((60, 60), prob=1)(pixels)
    edges = np.abs(np.asarray(SobelGradients()(pixels), float))
    seen[dtype] = (
        brighter[0, 20, 20],
        brighter[0, 0, 0],
        darker[0, 0, 0],
        float(np.asarray(random)[0, 20, 20]),
        edges.max(),
    )
    print(
        f"{np.dtype(dtype)}: +60 makes {seen[dtype][0]:.0f} on {seen[dtype][1]:.0f}, -60 a background of "
        f"{seen[dtype][2]:.0f}, at random {seen[dtype][3]:.0f}; edges up to {seen[dtype][4]:.0f}"
    )
assert all(seen[dtype][:4] == (290, 80, -40, 290) for dtype in (np.uint16, np.float32)) and seen[np.float32][4] > 20
assert seen[np.uint8][:4] == (34, 80, 216, 34) and seen[np.uint8][4] == seen[np.uint16][4] == 0, "MONAI has changed"
PYTHON
