#!/usr/bin/env bash
# dask's percentile of an image in tiles is ten times the true one, and changes with the other percentiles asked for.
# Guess: da.percentile is approximate, as its documentation says: a percent of the pixels beside the true percentile.
# Seen: of a field of 1024 x 1024 with nuclei in one corner (1.9 % of it) the 95th percentile is 109; in 4 tiles it is 995
#   (882 if the 1st and the 50th are asked for in the same call), in 16 tiles 1101, as bright as the nuclei. Of each tile
#   only its least and greatest value and the percentiles asked for are kept, with straight lines between them. An
#   image is scaled or thresholded wrongly; how much depends on its tiles. One tile is right.
# Version: dask==2026.8.0 numpy==2.4.6
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet "dask[array]==2026.8.0" numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" -W error - <<'PYTHON'
import dask.array as da
import numpy as np

rng = np.random.default_rng(0)
image = rng.normal(100, 5, (1024, 1024))
row, column = np.ogrid[:1024, :1024]
for y, x in rng.integers(20, 300, (80, 2)):
    image[np.hypot(row - y, column - x) < 10] += 1000
true = np.percentile(image, 95)
alone, together = {}, {}
for side in (1024, 512, 256):
    pixels = da.from_array(image, chunks=side).ravel()
    alone[side] = round(float(da.percentile(pixels, 95).compute()))
    together[side] = round(float(da.percentile(pixels, [1, 50, 95]).compute()[2]))
    print(f"{pixels.npartitions} tiles: 95th percentile {alone[side]}, asked for with others {together[side]}")
below = [f"{(image < value).mean():.1%}" for value in alone.values()]
print(f"numpy: {true:.0f}; pixels below dask's values: {below}")
assert round(float(true)) == 109 and alone[1024] == together[1024] == 109, "dask has changed"
assert (alone[512], alone[256], together[512]) == (995, 1101, 882), "dask has changed"
PYTHON
