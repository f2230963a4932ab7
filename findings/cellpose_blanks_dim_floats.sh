#!/usr/bin/env bash
# cellpose makes a dim image in floats black before its network sees it, and so an image with few nuclei on flat ground.
# Guess: its normalisation, 1st percentile to 0 and 99th to 1, gives the same for an image and for the image divided by
#   65535, and its network sees the nuclei of both.
# Seen: of nuclei 50 grey values above the background, 16 bits become -0.12 to 1.15; the same image in floats from 0 to 1
#   becomes 0 in every pixel, as the percentiles are less than 0.001 apart. Nuclei of 500 grey values that fill under 1 %
#   of an image whose background was subtracted (0) become 0, too, in any type. No error, no warning: no cells are found.
# Version: cellpose==4.2.1.1 torch==2.15.0 torchvision==0.29.2 numpy==2.4.6
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet cellpose==4.2.1.1 torch==2.15.0 torchvision==0.29.2 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import numpy as np
from cellpose.transforms import normalize_img  # what CellposeModel.eval calls first

row, column = np.mgrid[:512, :512]
nuclei = np.zeros((512, 512), bool)
for y in range(60, 500, 90):
    for x in range(60, 500, 90):
        nuclei |= np.hypot(row - y, column - x) < 12
dim = np.random.default_rng(0).normal(100, 3, nuclei.shape) + 50 * nuclei
dim = dim.round().astype(np.uint16)
few = np.where(nuclei & (row < 100), 500, 0).astype(np.uint16)
images = {
    "dim nuclei, 16 bits": dim,
    "dim nuclei, floats from 0 to 1": (dim / 65535).astype(np.float32),
    "few nuclei, background 0": few,
    "few nuclei, noise of 3": few + np.random.default_rng(1).normal(0, 3, few.shape),
}
seen = {}
for name, image in images.items():
    found = normalize_img(image[..., None].astype(np.float32))
    seen[name] = round(float(found.min()), 2), round(float(found.max()), 2)
    print(f"{name}: {image.min():.6g} to {image.max():.6g} becomes {seen[name][0]:g} to {seen[name][1]:g}")
print(f"share of the few nuclei: {(few > 0).mean():.2%}")
blank = [name for name, limits in seen.items() if limits == (0, 0)]
assert blank == ["dim nuclei, floats from 0 to 1", "few nuclei, background 0"], "cellpose has changed"
PYTHON
