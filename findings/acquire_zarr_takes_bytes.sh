#!/usr/bin/env bash
# acquire-zarr takes the bytes of what is appended, no matter its type and shape: frames of floats become twice as many.
# Guess: append to a stream of uint16 frames of 64 x 48 pixels converts another type, or raises an error for another type
#   or shape, as writing to a zarr array does.
# Seen: 3 frames of float32 are stored as 6 frames with values up to 61440 (for 4000), 4 frames of uint8 as 2. Turned frames,
#   48 x 64, are stored as 64 x 48 with their rows torn apart. No error, no warning, and the store is valid.
# Version: acquire-zarr==0.10.0 zarr==3.1.6 numpy==2.4.6
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet acquire-zarr==0.10.0 zarr==3.1.6 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" -W error - <<'PYTHON'
import acquire_zarr
import numpy as np
import zarr
from acquire_zarr import Dimension, DimensionType

ROWS, COLUMNS = 64, 48
time = Dimension(name="t", kind=DimensionType.TIME, array_size_px=0, chunk_size_px=1, shard_size_chunks=1)
rows = Dimension(name="y", kind=DimensionType.SPACE, array_size_px=ROWS, chunk_size_px=32, shard_size_chunks=1)
columns = Dimension(name="x", kind=DimensionType.SPACE, array_size_px=COLUMNS, chunk_size_px=16, shard_size_chunks=1)


def stored(name, frames):
    """What a stream of uint16 has stored of these frames."""
    array = acquire_zarr.ArraySettings(dimensions=[time, rows, columns], data_type=acquire_zarr.DataType.UINT16)
    stream = acquire_zarr.ZarrStream(acquire_zarr.StreamSettings(store_path=name, arrays=[array]))
    for frame in frames:
        stream.append(frame)
    stream.close()
    found = zarr.open(name, mode="r")
    return (found if isinstance(found, zarr.Array) else found["0"])[:]


frame = np.random.default_rng(0).integers(0, 4000, (ROWS, COLUMNS)).astype(np.uint16)
same = stored("same.zarr", [frame] * 3)
floats = stored("floats.zarr", [frame.astype(np.float32)] * 3)
bytes_ = stored("bytes.zarr", [(frame >> 4).astype(np.uint8)] * 4)
turned = stored("turned.zarr", [np.ascontiguousarray(frame.T)] * 3)
print(f"3 frames of uint16: {same.shape}, greatest value {same.max()}")
print(f"3 frames of float32: {floats.shape}, greatest value {floats.max()}; 4 frames of uint8: {bytes_.shape}")
print(f"3 turned frames: {turned.shape}, pixels of the frame as it was {np.mean(turned[0] == frame):.1%}")
assert (same == frame).all() and same.shape == (3, ROWS, COLUMNS)
assert floats.shape == (6, ROWS, COLUMNS) and floats.max() == 61440, "acquire-zarr has changed"
assert bytes_.shape == (2, ROWS, COLUMNS) and turned.shape == (3, ROWS, COLUMNS), "acquire-zarr has changed"
assert np.array_equal(turned[0].ravel(), frame.T.ravel()), "acquire-zarr has changed"
PYTHON
