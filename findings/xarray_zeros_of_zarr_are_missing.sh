#!/usr/bin/env bash
# xarray opens an image or label image of Zarr format 2 with every 0 as NaN, so its mean is that of the other pixels.
# Guess: open_zarr gives a uint16 image as uint16, with its zeros, in both formats of Zarr.
# Seen: of a field of 64 pixels with nuclei of 5 and 300 and a background of 0 the mean is 152.5 for 19.1 in format 2, which
#   OME-Zarr 0.4 has, and the pixels are floats; in format 3 all is right. The fill value of the array, 0 by default, is
#   taken for "missing". With mask_and_scale=False, or written by xarray itself, zeros stay. No warning.
# Version: xarray==2026.9.0 zarr==3.1.6 dask==2026.8.0 numpy==2.4.6
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet xarray==2026.9.0 zarr==3.1.6 dask==2026.8.0 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import numpy as np
import xarray
import zarr

pixels = np.zeros((8, 8), np.uint16)
pixels[2:4, 2:4], pixels[5:7, 5:7] = 5, 300
seen = {}
for zarr_format, names in ((2, {"attributes": {"_ARRAY_DIMENSIONS": ["y", "x"]}}), (3, {"dimension_names": ("y", "x")})):
    group = zarr.open_group(f"{zarr_format}.zarr", mode="w", zarr_format=zarr_format)
    group.create_array("image", shape=(8, 8), chunks=(4, 4), dtype="uint16", **names)[:] = pixels
    for masked in (True, False):
        opened = xarray.open_zarr(f"{zarr_format}.zarr", consolidated=False, **({} if masked else {"mask_and_scale": False}))
        image = opened["image"]
        seen[zarr_format, masked] = str(image.dtype), round(float(image.mean()), 2)
        print(f"format {zarr_format}{'' if masked else ', mask_and_scale=False'}: {seen[zarr_format, masked][0]}, "
              f"mean {seen[zarr_format, masked][1]}, first row {image.values[0, :3].tolist()}; right {pixels.mean():.2f}")
right = "uint16", 19.06
assert seen[3, True] == seen[3, False] == seen[2, False] == right
assert seen[2, True] == ("float32", 152.5), "xarray has changed"
PYTHON
