#!/usr/bin/env bash
# bioio gives the size of a pixel as the number in the file, without its unit: 325 of nanometres, 0.000325 of millimetres.
# Guess: physical_pixel_sizes is in micrometres, as its callers multiply areas by it, or the unit is in
#   dimension_properties, which has a place for it.
# Seen: four OME-TIFF files of the same pixels, 0.325 micrometres wide, written in micrometres, nanometres, millimetres and
#   without a unit that is a length ("pixel"), have sizes of 0.325, 325, 0.000325 and 1, and the unit of each is None: a
#   nucleus of 100 square micrometres has 100 million. tifffile and ome-types show the unit that is in the file. No warning.
# Version: bioio==3.6.0 bioio-ome-tiff==1.4.0 ome-types==0.7.0 tifffile==2026.3.3 numpy==2.4.6
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet bioio==3.6.0 bioio-ome-tiff==1.4.0 ome-types==0.7.0 tifffile==2026.3.3 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import numpy as np
import tifffile
from bioio import BioImage
from ome_types import from_tiff

seen = {}
for unit, size in (("µm", 0.325), ("nm", 325.0), ("mm", 0.000325), ("pixel", 1.0)):
    path = f"in_{len(seen)}.ome.tif"
    sizes = {f"PhysicalSize{axis}": size for axis in "XY"} | {f"PhysicalSize{axis}Unit": unit for axis in "XY"}
    tifffile.imwrite(path, np.zeros((40, 50), np.uint16), ome=True, metadata={"axes": "YX", **sizes})
    image = BioImage(path)
    there = image.dimension_properties.X.unit
    seen[unit] = float(image.physical_pixel_sizes.X), there
    in_file = from_tiff(path).images[0].pixels
    print(f"in the file {in_file.physical_size_x} {in_file.physical_size_x_unit.value}: bioio {seen[unit][0]}, unit {there}")
    assert in_file.physical_size_x_unit.value == unit
assert seen == {"µm": (0.325, None), "nm": (325.0, None), "mm": (0.000325, None), "pixel": (1.0, None)}, "bioio has changed"
PYTHON
