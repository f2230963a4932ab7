#!/usr/bin/env bash
# The variance of a 16-bit image in labels, by spatialdata's aggregate, is below 0, and the standard deviation is NaN.
# Guess: agg_func="std" gives the spread of the pixels in each object, in any type of image, as "mean" and "sum" do.
# Seen: of two objects of 1000 +- 100 in 16 bits the variances are -968000 and -977000 for 9700 and 9600, in 8 bits of
#   200 +- 10 -39900 for 92: squares are kept in the type of the image, and almost nothing of them is left. Means and sums
#   are right. As int32 or floats the same image has the right spread.
# Version: spatialdata==0.7.3 xarray-spatial==0.5.3 dask==2026.1.1 numpy==2.4.6
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet spatialdata==0.7.3 xarray-spatial==0.5.3 dask==2026.1.1 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import numpy as np
from spatialdata import aggregate
from spatialdata.models import Image2DModel, Labels2DModel

labels = np.zeros((60, 60), np.int32)
labels[10:30, 10:30], labels[40:50, 40:50] = 1, 2
objects = Labels2DModel.parse(labels, dims=("y", "x"))
rng = np.random.default_rng(0)
seen = {}
for dtype, mean, spread in ((np.uint16, 1000, 100), (np.uint8, 200, 10), (np.float32, 1000, 100), (np.int32, 1000, 100)):
    pixels = rng.normal(mean, spread, labels.shape).clip(0, 255 if dtype == np.uint8 else 65535).astype(dtype)
    image = Image2DModel.parse(pixels[None], dims=("c", "y", "x"))
    found = {
        name: np.asarray(aggregate(values=image, by=objects, agg_func=name).tables["table"].X.todense()).ravel()
        for name in ("mean", "var", "std")
    }
    right = [pixels[labels == id_].astype(float).var() for id_ in (1, 2)]
    seen[np.dtype(dtype).name] = found, right
    print(f"{np.dtype(dtype)}: mean {found['mean'].round(1)}, variance {found['var'].round()}, right {np.round(right)}, "
          f"standard deviation {found['std'].round(1)}")
    assert np.allclose(found["mean"], [pixels[labels == id_].mean() for id_ in (1, 2)], rtol=1e-4)
for name in ("float32", "int32"):
    assert np.allclose(seen[name][0]["var"], seen[name][1], rtol=1e-3)
for name in ("uint16", "uint8"):
    assert (seen[name][0]["var"] < 0).all() and np.isnan(seen[name][0]["std"]).all(), "spatialdata has changed"
PYTHON
