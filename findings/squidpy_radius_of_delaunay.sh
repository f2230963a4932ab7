#!/usr/bin/env bash
# squidpy's Delaunay graph of cells keeps links of any length, although a radius is given.
# Guess: spatial_neighbors(delaunay=True, radius=50) leaves out the links that are longer than 50 µm, so that cells on the
#   two sides of a lumen, or at the rim of the tissue, are not neighbours.
# Seen: of 200 cells in 1000 x 1000 µm the longest link is 630 with radius=50, as without one, and 3 of 4 links are longer
#   than 50. With radius=(0, 50) none is, nor with 50 if delaunay=True is left out. No warning.
# Version: squidpy==1.8.2 spatialdata==0.7.3 dask==2026.1.1 numpy==2.4.6
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet squidpy==1.8.2 spatialdata==0.7.3 dask==2026.1.1 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import anndata
import numpy as np
import squidpy

cells = anndata.AnnData(np.zeros((200, 1), np.float32))
cells.obsm["spatial"] = np.random.default_rng(0).uniform(0, 1000, (200, 2))
seen = {}
for name, options in {
    "Delaunay": {"delaunay": True},
    "Delaunay, radius 50": {"delaunay": True, "radius": 50.0},
    "Delaunay, radius 0 to 50": {"delaunay": True, "radius": (0.0, 50.0)},
    "radius 50": {"radius": 50.0},
}.items():
    squidpy.gr.spatial_neighbors(cells, coord_type="generic", **options)
    lengths = cells.obsp["spatial_distances"].data
    seen[name] = len(lengths), float(lengths.max()), float((lengths > 50).mean())
    print(f"{name}: {seen[name][0] // 2} links, the longest {seen[name][1]:.0f}, {100 * seen[name][2]:.0f} % above 50")
assert seen["radius 50"][1] <= 50 and seen["Delaunay, radius 0 to 50"][1] <= 50
assert seen["Delaunay, radius 50"] == seen["Delaunay"], "squidpy has changed"
PYTHON
