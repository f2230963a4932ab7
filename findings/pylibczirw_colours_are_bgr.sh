#!/usr/bin/env bash
# Colour slides of Zeiss come with red and blue exchanged from pylibCZIrw and bioio: eosin is blue in the array.
# Guess: read() of a colour .czi gives red, green and blue, as czifile does and as every other reader of images does; so
#   does bioio, which calls the axis S, for samples.
# Seen: a pixel that is stored as Bgr24, with blue 250, green 100 and red 10, is (10, 100, 250) for czifile, (250, 100,
#   10) for pylibCZIrw, and so for bioio with its plugin bioio-czi, which calls the axis S and the channel "Channel:0".
#   The grey value by the usual weights is 90, or 135. pylibCZIrw's pixel_types says Bgr24.
# Version: pylibCZIrw==6.1.0 bioio==3.6.0 bioio-czi==3.0.1 czifile==2019.7.2.3 numpy==2.4.6
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet pylibCZIrw==6.1.0 bioio==3.6.0 bioio-czi==3.0.1 czifile==2019.7.2.3 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import czifile
import numpy as np
from bioio import BioImage
from pylibCZIrw import czi

stored = np.zeros((32, 48, 3), np.uint8)
stored[:] = 250, 100, 10  # blue, green, red: the order of the type Bgr24
with czi.create_czi("slide.czi") as document:
    document.write(stored)
with czi.open_czi("slide.czi") as document:
    kind, by_pylibczirw = document.pixel_types[0], document.read()
image = BioImage("slide.czi")
seen = {
    "czifile": np.squeeze(czifile.imread("slide.czi"))[0, 0].tolist(),
    "pylibCZIrw": by_pylibczirw[0, 0].tolist(),
    "bioio": image.get_image_data("YXS")[0, 0].tolist(),
}
for name, pixel in seen.items():
    print(f"{name}: the first pixel, stored as {kind} {stored[0, 0].tolist()}, is {pixel}, ", end="")
    print(f"grey {np.dot(pixel, (0.299, 0.587, 0.114)):.0f}")
print("bioio says:", image.dims.order, image.channel_names)
assert seen["czifile"] == [10, 100, 250], "czifile has changed"
assert kind == "Bgr24" and seen["pylibCZIrw"] == seen["bioio"] == [250, 100, 10], "pylibCZIrw or bioio has changed"
PYTHON
