#!/usr/bin/env bash
# An unrelated page of exactly half, a third or a quarter of another's size is not a series in tifffile.
# Version: tifffile 2026.3.3, numpy 2.4.2
# Seen: a TIFF of two unrelated pages, 128 x 160 and 64 x 80, not marked as reduced, has one series with two "levels";
#       imread(series=1) fails, and whoever walks TiffFile.series never meets the second image. With 65 x 80 there are
#       two series.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet tifffile==2026.3.3 numpy==2.4.2
"$folder/venv/bin/python" - "$folder" <<'PYTHON'
import sys
from pathlib import Path

import numpy as np
import tifffile

folder = Path(sys.argv[1])
rng = np.random.default_rng(0)
found = {}
for height in (64, 65):
    path = folder / f"{height}.tif"
    with tifffile.TiffWriter(path) as writer:
        for shape in ((128, 160), (height, 80)):
            writer.write(rng.integers(0, 256, shape, dtype=np.uint8), metadata=None)
    with tifffile.TiffFile(path) as tif:
        marked = [page.is_reduced for page in tif.pages]
        found[height] = [[level.shape for level in series.levels] for series in tif.series]
    print(f"second page {height} x 80, pages marked as reduced: {marked}; levels of each series: {found[height]}")
assert found[64] == [[(128, 160), (64, 80)]], "tifffile has changed"
assert found[65] == [[(128, 160)], [(65, 80)]], "tifffile has changed"
PYTHON
