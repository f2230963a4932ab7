#!/usr/bin/env bash
# The coarse levels of a label image that pyvips saves as a pyramid hold the ids of other cells, and of none.
# Guess: tiffsave(pyramid=True) of whole numbers takes one of four ids, as the pyramids of OME-Zarr's labels do.
# Seen: of the touching nuclei 500 and 504, a lone one, 1000, and a spot, 1001, the second level holds 13 ids, 125, 250, 502
#   and 750 among them, and the third 33: means of what lies side by side. With region_shrink="nearest" or "mode" all
#   levels hold the image's own ids only. No error, no warning.
# Version: pyvips==3.2.0 pyvips-binary==8.18.7 tifffile==2026.3.3 imagecodecs==2026.3.6 numpy==2.4.6
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet pyvips==3.2.0 pyvips-binary==8.18.7 \
  tifffile==2026.3.3 imagecodecs==2026.3.6 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import numpy as np
import pyvips
import tifffile

labels = np.zeros((512, 512), np.uint16)
row, column = np.mgrid[:512, :512]
labels[np.hypot(row - 100, column - 100) <= 25] = 500
labels[(np.hypot(row - 100, column - 131) <= 25) & (labels == 0)] = 504
labels[np.hypot(row - 300, column - 300) <= 20] = 1000
labels[300, 200] = 1001
image, seen = pyvips.Image.new_from_array(labels), {}
for how in ("mean", "nearest", "mode", None):
    options = {} if how is None else {"region_shrink": how}
    image.tiffsave("labels.tif", tile=True, tile_width=64, tile_height=64, pyramid=True, **options)
    with tifffile.TiffFile("labels.tif") as file:
        levels = [np.unique(page.asarray()).tolist() for page in file.pages]
    seen[how] = [len(ids) - 1 for ids in levels]
    print(f"region_shrink {how or 'not given'}: ids of the second level {levels[1][1:]}, ids in each level {seen[how]}")
assert seen["mean"] == seen[None] == [4, 13, 33, 33], "pyvips has changed"
assert max(seen["nearest"] + seen["mode"]) == 4, "pyvips has changed"
PYTHON
