#!/usr/bin/env bash
# The coarse levels of labels that ome-zarr writes lie half a coarse pixel beside the image's own levels.
# Guess: write_image and write_labels give both pyramids the same scale and translation, so that an object lies at
#   the same place in both at every level.
# Seen: the image's levels are means, as their translation says; the labels' are the last pixel of each block (rows
#   1, 3, 5... then 3, 7, 11...), under the same translation. At level 4 a disc's centre of mass, in pixels of level
#   0, is 8 pixels off in both directions, and a row number that should be 7.5 is 15.
# Version: ome-zarr==0.18.0 zarr==3.1.6 scikit-image==0.26.0 numpy==2.4.6
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet ome-zarr==0.18.0 zarr==3.1.6 scikit-image==0.26.0 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
import numpy as np
import zarr
from ome_zarr.writer import write_image, write_labels

row, column = np.mgrid[:1024, :1024]
disc = np.hypot(row - 500, column - 500) < 200
group = zarr.open_group("disc.zarr", mode="w")
write_image((disc * 1000).astype(np.uint16), group, axes="yx")
write_labels(disc.astype(np.int32), group, name="nuclei", axes="yx")
levels = group["labels/nuclei"].attrs["ome"]["multiscales"][0]["datasets"]
assert levels == group.attrs["ome"]["multiscales"][0]["datasets"], "ome-zarr has changed"
off = []
for level in levels:
    (_, scale), (_, shift) = (change.values() for change in level["coordinateTransformations"])
    image = group[level["path"]][:].astype(float)
    labels = group["labels/nuclei"][level["path"]][:]
    centres = [
        (np.argwhere(plane > 0).T @ plane[plane > 0] / plane.sum()) * np.array(scale) + shift for plane in (image, labels)
    ]
    off.append((centres[1] - centres[0]).round(1).tolist())
    print(f"{level['path']}: centre in the image {centres[0].round(1)}, in the labels {centres[1].round(1)}")
numbers = zarr.open_group("rows.zarr", mode="w")
write_labels(row.astype(np.int32), numbers, name="rows", axes="yx")
first = [int(numbers["labels/rows"][level["path"]][0, 0]) for level in levels]
print("number of the row that stands first at each level:", first)
assert first == [0, 1, 3, 7, 15] and off[0] == [0, 0], "ome-zarr has changed"
assert all(abs(shift) > 5 for shift in off[4]), "ome-zarr has changed"
PYTHON
