#!/usr/bin/env bash
# A zarr array that is made smaller and larger again holds its old pixels; an HDF5 data set holds the fill value.
# Guess: frames that were cut off by resize are gone, and after another resize the new frames are empty.
# Seen: of 8 frames in chunks of 4, cut to 2 and made 8 again, frames 2 and 3 are the old ones, and 4 to 7 are empty: whole
#   chunks are erased, the rest of the last one is not. tensorstore does the same. In h5py frames 2 to 7 are all 0. A
#   movie that is begun again in the same store shows cells of the earlier one where nothing was written.
# Version: zarr==3.1.6 tensorstore==0.1.86 h5py==3.16.0 numpy==2.4.6
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet zarr==3.1.6 tensorstore==0.1.86 h5py==3.16.0 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" -W error - <<'PYTHON'
import h5py
import numpy as np
import tensorstore
import zarr

FULL, CUT = (8, 16, 16), (2, 16, 16)
movie = np.broadcast_to(np.arange(1, 9, dtype=np.uint16)[:, None, None], FULL)

array = zarr.create_array("movie.zarr", shape=FULL, chunks=(4, 16, 16), dtype="uint16", fill_value=0)
array[:] = movie
array.resize(CUT)
array.resize(FULL)

metadata = {
    "shape": FULL,
    "data_type": "uint16",
    "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": [4, 16, 16]}},
}
store = {"driver": "zarr3", "kvstore": {"driver": "memory"}, "metadata": metadata}
other = tensorstore.open(store, create=True).result()
other.write(movie).result()
for shape in (CUT, FULL):
    other = other.resize(exclusive_max=shape).result()

with h5py.File("movie.h5", "w") as file:
    dataset = file.create_dataset("movie", data=movie, chunks=(4, 16, 16), maxshape=(None, 16, 16))
    dataset.resize(CUT)
    dataset.resize(FULL)
    in_hdf5 = dataset[:]

seen = {
    name: pixels[:, 0, 0].tolist()
    for name, pixels in (("zarr", array[:]), ("tensorstore", other.read().result()), ("h5py", in_hdf5))
}
for name, frames in seen.items():
    print(f"{name}: frames of a movie 1 to 8, cut to 2 frames and made 8 again: {frames}")
assert seen["h5py"] == [1, 2, 0, 0, 0, 0, 0, 0]
assert seen["zarr"] == [1, 2, 3, 4, 0, 0, 0, 0], "zarr has changed"
assert seen["tensorstore"] == [1, 2, 3, 4, 0, 0, 0, 0], "tensorstore has changed"
PYTHON
