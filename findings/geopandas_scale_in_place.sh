#!/usr/bin/env bash
# scale() of geopandas shrinks each cell on its spot: outlines "in µm" stay where they were in pixels.
# Guess: outlines.scale(0.5, 0.5) multiplies the coordinates by the size of a pixel, as a layer of 2 cells becomes half
#   as wide.
# Seen: cells at columns 0 to 10 and 100 to 110 are at 2.5 to 7.5 and 102.5 to 107.5: half as large, with their
#   centroids where they were, 100 apart for 50. Areas are right, so nothing shows. rotate(90) turns each cell on its
#   spot, too. With origin=(0, 0) the cells are at 0 to 5 and 50 to 55.
# Version: geopandas==1.2.0 shapely==2.2.0 numpy==2.4.6
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet geopandas==1.2.0 shapely==2.2.0 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import geopandas
import shapely
import shapely.affinity

outlines = geopandas.GeoSeries([shapely.box(0, 0, 10, 10), shapely.box(100, 0, 110, 10)])  # of two cells, in pixels


def columns(series):
    """First and last column of each cell."""
    return [(float(low), float(high)) for low, high in series.bounds[["minx", "maxx"]].to_numpy()]


def distance(series):
    """Pixels between the two centroids."""
    return float(series.centroid.iloc[0].distance(series.centroid.iloc[1]))


scaled, right = outlines.scale(0.5, 0.5), outlines.scale(0.5, 0.5, origin=(0, 0))
for name, series in (("in pixels", outlines), ("scale(0.5, 0.5)", scaled), ("with origin=(0, 0)", right)):
    print(f"{name}: columns {columns(series)}, {distance(series)} apart, areas {series.area.tolist()}")
alone = shapely.affinity.scale(outlines[1], 0.5, 0.5)
assert columns(scaled) == [(2.5, 7.5), (102.5, 107.5)] and distance(scaled) == 100, "geopandas has changed"
assert alone.bounds == (102.5, 2.5, 107.5, 7.5), "shapely has changed"
assert columns(right) == [(0, 5), (50, 55)] and scaled.area.tolist() == right.area.tolist() == [25, 25]
PYTHON
