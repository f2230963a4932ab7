#!/usr/bin/env bash
# ngff-zarr takes an array in OME's own order of axes, (T, C, Z, Y, X), for (T, Z, Y, X, C).
# Guess: to_ngff_image without dims takes the axes from the right as the format has them: t, c, z, y, x.
# Seen: 5 dimensions are taken for t, z, y, x, c and 4 for z, y, x, c. Of 2 times, 4 channels, 6 planes, 96 rows and 128
#   columns the store, valid and called tczyx, holds 128 channels and 4 planes of 6 x 96 pixels; its coarse level halves
#   channels and planes. No warning; dims=("t", "c", "z", "y", "x") puts it right.
# Version: ngff-zarr==0.50.0 zarr==3.1.6 numpy==2.4.6
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet ngff-zarr==0.50.0 zarr==3.1.6 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import ngff_zarr
import numpy as np
import zarr

dims = {count: ngff_zarr.to_ngff_image(np.zeros((8,) * count, np.uint8)).dims for count in (3, 4, 5)}
for count, names in dims.items():
    print(f"{count} dimensions: {', '.join(names)}")

image = np.zeros((2, 4, 6, 96, 128), np.uint16)  # 2 times, 4 channels, 6 planes, 96 rows, 128 columns
pyramid = ngff_zarr.to_multiscales(ngff_zarr.to_ngff_image(image), scale_factors=[2])
ngff_zarr.to_ngff_zarr("image.ome.zarr", pyramid, version="0.5")
store = zarr.open_group("image.ome.zarr", mode="r")
stated = store.attrs["ome"]["multiscales"][0]
axes = "".join(axis["name"] for axis in stated["axes"])
shapes = [store[level["path"]].shape for level in stated["datasets"]]
print("a (2, 4, 6, 96, 128) array in the order tczyx is stored as", axes, "with levels", shapes)
assert dims == {3: ("z", "y", "x"), 4: ("z", "y", "x", "c"), 5: ("t", "z", "y", "x", "c")}, "ngff-zarr has changed"
assert axes == "tczyx" and shapes == [(2, 128, 4, 6, 96), (2, 128, 2, 3, 48)], "ngff-zarr has changed"
PYTHON
