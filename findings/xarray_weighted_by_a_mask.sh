#!/usr/bin/env bash
# xarray's mean of a 16-bit image, weighted by the mask of a nucleus, is 42 for 2991; with a mask of 8 bits floats fail, too.
# Guess: image.weighted(mask).mean() is the mean within the mask, of integers, floats and truths alike.
# Seen: of 400 pixels with a mean of 2991, as uint16 with a mask of truths it is 42, as uint8 0.5 for 190; standard
#   deviations are as wrong. With the mask as uint8, even 32-bit floats have a mean of 8427 for 3034: the products and the
#   sum of the weights wrap around in the smallest type that holds both. numpy.average and a mask of int64 or float64 are
#   right. No error, no warning.
# Version: xarray==2026.9.0 numpy==2.4.6
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet xarray==2026.9.0 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" -W error - <<'PYTHON'
import numpy as np
import xarray

rng = np.random.default_rng(0)
nucleus = np.zeros((64, 64), bool)
nucleus[20:40, 20:40] = True
seen = {}
for dtype, brightest in ((np.uint8, 250), (np.uint16, 4000), (np.float32, 4000)):
    image = rng.integers(brightest // 2, brightest, nucleus.shape).astype(dtype)
    right = image[nucleus].mean(dtype=float)
    for mask in (nucleus, nucleus.astype(np.uint8), nucleus.astype(np.int64)):
        weighted = xarray.DataArray(image, dims=("y", "x")).weighted(xarray.DataArray(mask, dims=("y", "x")))
        found, average = float(weighted.mean()), float(np.average(image, weights=mask))
        seen[image.dtype.name, mask.dtype.name] = found / right
        print(f"image {image.dtype}, mask {mask.dtype}: xarray {found:.1f}, numpy {average:.1f}, pixels {right:.1f}")
        assert abs(average - right) < 0.01
for (image, mask), ratio in seen.items():
    if mask == "int64" or (image, mask) == ("float32", "bool"):
        assert abs(ratio - 1) < 1e-6
    else:
        assert not 0.1 < ratio < 2.5, "xarray has changed"
PYTHON
