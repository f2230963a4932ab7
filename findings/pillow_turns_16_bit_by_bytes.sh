#!/usr/bin/env bash
# Pillow's rotate and transform with BILINEAR or BICUBIC take a 16-bit image for one of 8 bits: nearly every pixel is wrong.
# Guess: a 16-bit image is turned and shifted as the same numbers in 32-bit floats, or refused as its filters refuse it.
# Seen: a smooth ramp from 1000 to 4000 grey values, turned by 30 degrees, has none above 255 afterwards, up to 3300 grey
#   values off. Moved by half a pixel, 2507 becomes 48. No error, no warning. resize() is right, and so are NEAREST and
#   mode F. torchvision's rotate does the same to Pillow's images, so that random rotation makes noise of 16-bit PNG.
# Version: pillow==13.0.0 numpy==2.4.6
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet pillow==13.0.0 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" -W error - <<'PYTHON'
import numpy as np
from PIL import Image

row, column = np.mgrid[:64, :64]
ramp = (1000 + 40 * row + 7 * column).astype(np.uint16)
ways = {
    "rotate by 30, nearest": lambda image: image.rotate(30, Image.Resampling.NEAREST),
    "rotate by 30, bilinear": lambda image: image.rotate(30, Image.Resampling.BILINEAR),
    "rotate by 30, bicubic": lambda image: image.rotate(30, Image.Resampling.BICUBIC),
    "half a pixel to the left, bilinear": lambda image: image.transform(
        image.size, Image.Transform.AFFINE, (1, 0, 0.5, 0, 1, 0), Image.Resampling.BILINEAR
    ),
    "resize by half, bilinear": lambda image: image.resize((32, 32), Image.Resampling.BILINEAR),
}
off, brightest = {}, {}
for name, way in ways.items():
    found = np.asarray(way(Image.fromarray(ramp))).astype(float)
    right = np.asarray(way(Image.fromarray(ramp.astype(np.float32)))).astype(float)
    inner = tuple(slice(side // 4, side * 3 // 4) for side in right.shape)
    off[name], brightest[name] = float(np.abs(found - right)[inner].max()), found[inner].max()
    at = tuple(side // 2 for side in right.shape)
    print(f"{name}: {found[at]:.0f} for {right[at]:.1f} in the middle, at most {off[name]:.1f} off")
    print(f"    brightest: {brightest[name]:.0f}")
assert Image.fromarray(ramp).mode == "I;16"
assert off["rotate by 30, nearest"] == 0 and off["resize by half, bilinear"] <= 1, "Pillow has changed"
for name in ("rotate by 30, bilinear", "rotate by 30, bicubic", "half a pixel to the left, bilinear"):
    assert off[name] > 3000 and brightest[name] <= 255, "Pillow has changed"
PYTHON
