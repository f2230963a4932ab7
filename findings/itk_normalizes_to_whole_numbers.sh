#!/usr/bin/env bash
# itk.normalize_image_filter of an 8-bit or 16-bit image gives an image of whole numbers.
# Guess: an image of mean 0 and standard deviation 1 is one of floats, as SimpleITK's Normalize gives it.
# Seen: nuclei of 100 to 200 on a background of 20 +- 3 become 0 to 4 in 8 and 16 bits: the result has the type of
#   the image, fractions are cut off and what is below the mean is 0, the whole background. As float32 the values are
#   from -0.7 to 4.3. A network or a registration that follows sees a picture of five steps. No warning.
# Version: itk==5.4.7 numpy==2.4.6
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet itk==5.4.7 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import itk
import numpy as np

rng = np.random.default_rng(0)
row, column = np.mgrid[:128, :128]
pixels = rng.normal(20, 3, (128, 128))
for y, x in ((30, 30), (30, 90), (90, 60)):
    away = np.hypot(row - y, column - x)
    pixels[away < 15] = 200 - 100 * away[away < 15] / 15
seen = {}
for dtype in (np.uint8, np.uint16, np.float32):
    found = itk.array_from_image(itk.normalize_image_filter(itk.image_from_array(pixels.astype(dtype))))
    seen[dtype] = np.unique(found)
    print(f"{np.dtype(dtype)}: {found.dtype} from {found.min():.2f} to {found.max():.2f}, {len(seen[dtype])} values, "
          f"mean {found.mean():.2f}, standard deviation {found.std():.2f}")
assert seen[np.float32].min() < -0.5 and len(seen[np.float32]) > 1000
assert len(seen[np.uint8]) < 6 and len(seen[np.uint16]) < 6, "ITK has changed"
PYTHON
