#!/usr/bin/env bash
# libpysal's cells are neighbours only where their outlines have the same corners: cells of a layer touch, and are not.
# Guess: of outlines along the edges of pixels, as rasterio's shapes makes them of labels, two cells with a common border
#   are neighbours in Rook.from_dataframe and Graph.build_contiguity.
# Seen: in a layer of bricks, each of which touches up to six others, 17 of 49 pairs are found: those with a side in common
#   from corner to corner. Of 60 cells of a Voronoi layer 140 of 151 pairs are found. Without a word: outlines that fill the
#   plane are taken to share their corners, but an outline of labels has corners only where it turns itself.
#   Graph.build_contiguity(strict=True) finds every pair; the older weights have no such option.
# Version: libpysal==4.14.1 geopandas==1.2.0 rasterio==1.4.4 scikit-image==0.26.0 numpy==2.4.6
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet libpysal==4.14.1 geopandas==1.2.0 rasterio==1.4.4 scikit-image==0.26.0 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import geopandas
import numpy as np
from libpysal.graph import Graph
from libpysal.weights import Rook
from rasterio.features import shapes
from scipy.ndimage import distance_transform_edt
from shapely.geometry import shape
from skimage.segmentation import watershed

row, column = np.mgrid[:50, :40]
bricks = 1 + row // 10 * 5 + (column + row // 10 % 2 * 5) // 10
seeds = np.zeros((200, 200), int)
for number, (y, x) in enumerate(np.random.default_rng(0).integers(0, 200, (60, 2)), start=1):
    seeds[y, x] = number
layers = {"bricks": bricks, "a Voronoi layer": watershed(distance_transform_edt(seeds == 0), seeds)}
seen = {}
for name, labels in layers.items():
    touching = set()
    for first, second in ((labels[1:], labels[:-1]), (labels[:, 1:], labels[:, :-1])):
        pairs = np.sort(np.stack([first[first != second], second[first != second]]), axis=0)
        touching |= set(zip(*pairs.tolist(), strict=True))
    outlines = [(int(value), shape(outline)) for outline, value in shapes(labels.astype(np.int32))]
    table = geopandas.GeoDataFrame(outlines, columns=["label", "geometry"], geometry="geometry").set_index("label")
    found = {}
    for strict in (False, True):
        pairs = Graph.build_contiguity(table, rook=True, strict=strict).adjacency.index
        found[f"strict={strict}"] = {tuple(sorted(map(int, pair))) for pair in pairs if pair[0] != pair[1]}
    neighbours = Rook.from_dataframe(table, use_index=True).neighbors
    found["weights"] = {tuple(sorted((int(one), int(other)))) for one, others in neighbours.items() for other in others}
    seen[name] = len(touching), {how: len(pairs & touching) for how, pairs in found.items()}
    print(f"{name}: {len(touching)} pairs touch, found {seen[name][1]}")
    assert found["strict=True"] == touching
for name, (count, found) in seen.items():
    assert found["strict=False"] == found["weights"] < count, "libpysal has changed"
assert seen["bricks"][1]["weights"] < seen["bricks"][0] / 2, "libpysal has changed"
PYTHON
