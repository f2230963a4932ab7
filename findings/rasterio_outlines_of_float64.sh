#!/usr/bin/env bash
# rasterio outlines labels in float64, which it takes, as float32: neighbours with ids above 16777216 become one.
# Guess: features.shapes of labels in float64, which its error names when labels in int64 are refused, has one polygon
#   for each object, with its id.
# Seen: two nuclei side by side with the ids 17000001 and 17000002 are two polygons in int32; in float64 they are one
#   polygon of both areas with the id 17000002. Such ids come from numbers of tiles times a million. No warning.
# Version: rasterio==1.4.4 numpy==2.4.6
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet rasterio==1.4.4 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" -W error - <<'PYTHON'
import numpy as np
from rasterio import features


def outlines(labels):
    return [
        (int(value), int(abs(np.sum([x * v - y * u for (x, y), (u, v) in zip(ring, ring[1:])]) / 2)))
        for shape, value in features.shapes(labels, mask=labels > 0)
        for ring in shape["coordinates"]
    ]


labels = np.zeros((12, 20), np.int64)
labels[2:10, 2:10], labels[2:10, 10:18] = 17000001, 17000002
try:
    outlines(labels)
    refused = ""
except ValueError as error:
    refused = str(error)
seen = {dtype: outlines(labels.astype(dtype)) for dtype in ("int32", "float64")}
print(f"int64: {refused}\n(id, area): {seen}")
assert "float64" in refused and sorted(seen["int32"]) == [(17000001, 64), (17000002, 64)]
assert len(seen["float64"]) == 1 and seen["float64"][0][1] == 128, "rasterio has changed"
PYTHON
