#!/usr/bin/env bash
# Pillow's ImageStat and entropy of a 16-bit image are of the first half of each row, read as single bytes.
# Guess: ImageStat.Stat(image).mean[0] of a 16-bit PNG or TIFF is its mean grey value, as getextrema gives its extrema.
# Seen: 64 x 64 pixels from 1000 to 4999 have the mean 3014; ImageStat says 68, with extrema 0 and 255. It is the mean of the
#   bytes of the 32 pixels at the left: the right half can change without any effect. As mode I or F (32 bits) the mean
#   is 128, of any image that is evenly spread: 0 is its minimum and 255 its maximum. A check of exposure measures nothing.
# Version: pillow==13.0.0 numpy==2.4.6
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet pillow==13.0.0 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" -W error - <<'PYTHON'
import numpy as np
from PIL import Image, ImageStat

pixels = np.random.default_rng(0).integers(1000, 5000, (64, 64)).astype(np.uint16)
Image.fromarray(pixels).save("image.png")
image = Image.open("image.png")
seen = {}
for mode in ("I;16", "I", "F"):
    one = image if mode == image.mode else image.convert(mode)
    stat = ImageStat.Stat(one)
    seen[mode] = stat.mean[0]
    print(f"{mode}: mean {stat.mean[0]:.2f}, extrema {stat.extrema[0]}, getextrema {one.getextrema()}; right {pixels.mean():.2f}")
assert image.mode == "I;16" and image.getextrema() == (pixels.min(), pixels.max())
of_bytes = pixels[:, :32].copy().view(np.uint8).mean()
changed = pixels.copy()
changed[:, 32:] = 60000
other = ImageStat.Stat(Image.fromarray(changed)).mean[0]
print(f"mean of the left half's bytes {of_bytes:.2f}; with a right half of 60000 Pillow says {other:.2f}")
assert seen["I;16"] == of_bytes == other, "Pillow has changed"
assert 125 < seen["I"] < 130 and 125 < seen["F"] < 130, "Pillow has changed"
PYTHON
