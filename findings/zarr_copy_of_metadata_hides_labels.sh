#!/usr/bin/env bash
# Labels and frames added to an OME-Zarr store are not seen by zarr, if the image's writer left a copy of its metadata.
# Guess: what a program has added to a store through zarr, the next program that opens it through zarr sees.
# Seen: ngff-zarr leaves such a copy ("consolidated") at the root. Another program adds labels/nuclei and appends a frame,
#   without a warning; afterwards open_group lists no labels and has the old number of frames. With
#   use_consolidated=False both are there. Segmented images look as if they were not, and their last frames are lost.
# Version: zarr==3.1.6 ngff-zarr==0.50.0 numpy==2.4.6
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet zarr==3.1.6 ngff-zarr==0.50.0 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import ngff_zarr
import numpy as np
import zarr

frames = np.zeros((3, 96, 128), np.uint16)
for version in ("0.4", "0.5"):
    name = f"image-{version}.ome.zarr"
    image = ngff_zarr.to_ngff_image(frames, dims=("t", "y", "x"))
    ngff_zarr.to_ngff_zarr(name, ngff_zarr.to_multiscales(image, scale_factors=[]), version=version)
    finest = next(path for path, array in zarr.open_group(name, mode="r").members(None) if isinstance(array, zarr.Array))

    added = zarr.open_group(name, mode="r+")  # the program that adds
    added.create_group("labels").create_array("nuclei", data=np.ones((3, 96, 128), np.uint16))
    added[finest].append(frames[:1])

    seen = {}
    for trusted in (None, False):  # the program that reads: by default, and without the copy
        store = zarr.open_group(name, mode="r", use_consolidated=trusted)
        seen[trusted] = "labels" in store, store[finest].shape[0]
        print(f"OME-Zarr {version}, use_consolidated={trusted}: labels {seen[trusted][0]}, frames {seen[trusted][1]}")
    assert seen[None] == (False, 3), "zarr or ngff-zarr has changed"
    assert seen[False] == (True, 4)
PYTHON
