#!/usr/bin/env bash
# scanpy's variance of groups, sc.get.aggregate(func="var"), is 0 for intensities far above 0.
# Guess: the variance of three markers of 40000 +- 50, 20 and 5 is 2500, 400 and 25 in each group, as pandas gives it.
# Seen: of 300 cells as float32 it is 2389, 0 and 0 for 2390, 383 and 23; as uint16, which a table of mean grey values may
#   have, 0, 0 and 0; as int32 2608, 0 and 0. In float64 it is right. It is the mean of squares less the square of the
#   mean, with products in the type of the table, and what falls below a millionth or so of the former becomes 0.
# Version: scanpy==1.11.5 anndata==0.12.19 pandas==2.3.3 numpy==2.4.6
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet scanpy==1.11.5 anndata==0.12.19 pandas==2.3.3 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import anndata
import numpy as np
import pandas as pd
import scanpy

values = 40000 + np.random.default_rng(0).normal(0, [50, 20, 5], (300, 3))
seen = {}
for dtype in (np.float64, np.float32, np.uint16):
    table = values.astype(dtype)
    cells = anndata.AnnData(table, obs=pd.DataFrame({"well": pd.Categorical(["A1"] * 300)}, index=map(str, range(300))))
    groups = scanpy.get.aggregate(cells, by="well", func=["mean", "var"])
    right = pd.DataFrame(table.astype(float)).var().round(1).tolist()
    seen[dtype] = np.asarray(groups.layers["var"])[0].round(1).tolist()
    means = np.asarray(groups.layers["mean"])[0].round(1).tolist()
    print(f"{np.dtype(dtype)}: variances {seen[dtype]}, right {right}; means {means}")
    assert dtype != np.float64 or np.allclose(seen[dtype], right, rtol=1e-3)
assert seen[np.float32][1:] == [0, 0] and seen[np.uint16] == [0, 0, 0], "scanpy has changed"
PYTHON
