#!/usr/bin/env bash
# dask's norm of an 8-bit image is too small, or NaN, and its mean of half floats infinite; NumPy's are right.
# Guess: dask.array gives what NumPy gives for the same array.
# Seen: the norm of 4000 pixels of 50 to 200 in 8 bits is 583 for 9618, in int8 NaN: squares are kept in 8 bits. NumPy makes
#   them floats before. The mean of the same pixels as half floats is infinite in dask and 137.5 in NumPy. Means and
#   standard deviations of whole numbers are right in both.
# Version: dask==2026.8.0 numpy==2.4.6
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet dask==2026.8.0 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import dask.array
import numpy as np

pixels = np.array([200, 100, 50, 200] * 1000).reshape(40, 100)
seen = {}
for dtype, values in ((float, pixels), (np.uint8, pixels), (np.int8, pixels - 100), (np.float16, pixels)):
    image = values.astype(dtype)
    chunks = dask.array.from_array(image, chunks=(20, 50))
    for name, there, here in (
        ("norm", dask.array.linalg.norm(chunks), np.linalg.norm(image)),
        ("mean", chunks.mean(), image.mean()),
        ("std", chunks.std(), image.std()),
    ):
        seen[dtype, name] = float(there.compute()), float(here)
        print(f"{np.dtype(dtype)}, {name}: dask {seen[dtype, name][0]:.1f}, NumPy {seen[dtype, name][1]:.1f}")
for dtype in (float, np.uint8, np.int8):
    assert np.allclose(*seen[dtype, "mean"]) and np.allclose(*seen[dtype, "std"])
assert np.allclose(*seen[float, "norm"]) and round(seen[np.uint8, "norm"][1]) == 9618
assert seen[np.uint8, "norm"][0] < 1000 and not np.allclose(*seen[np.int8, "norm"]), "dask has changed"
assert np.isinf(seen[np.float16, "mean"][0]) and seen[np.float16, "mean"][1] == 137.5, "dask has changed"
PYTHON
