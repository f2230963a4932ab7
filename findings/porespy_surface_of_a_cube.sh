#!/usr/bin/env bash
# PoreSpy's surface area leaves out what lies on the object's bounding box: a cube of 20 voxels has one of 7 for 2400.
# Guess: regionprops_3D gives a solid of any shape the surface of its mesh, within some per cent, and a sphericity of at
#   most 1, 0.81 of a cube.
# Seen: a ball of radius 15 has a surface of 2803 and a sphericity of 1.00, a cube 7 and 279. A nucleus in a stack of
#   few planes, 30 voxels across and 6 high with a flat top and bottom, has 427 for 1930, and a sphericity of 2.9. The
#   mesh is made inside the bounding box, with no background beyond it, so faces that lie flat on the box are open.
# Version: porespy==3.2.0 scikit-image==0.26.0 numpy==2.4.6
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet porespy==3.2.0 scikit-image==0.26.0 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import numpy as np
import porespy
from skimage.measure import marching_cubes, mesh_surface_area

plane, row, column = np.mgrid[:44, :44, :44] - 22
solids = {
    "ball": np.sqrt(plane**2 + row**2 + column**2) < 15,
    "cube": (abs(plane + 0.5) < 10) & (abs(row + 0.5) < 10) & (abs(column + 0.5) < 10),
    "flat nucleus": (np.hypot(row, column) < 15) & (abs(plane + 0.5) < 3),
}
seen = {}
for name, solid in solids.items():
    region = porespy.metrics.regionprops_3D(solid.astype(int))[0]
    padded = mesh_surface_area(*marching_cubes(solid.astype(float), 0.5)[:2])
    seen[name] = float(region.surface_area) / padded, float(region.sphericity)
    print(
        f"{name}: {region.surface_area:.1f}, with background around it {padded:.1f}; sphericity {region.sphericity:.2f}"
    )
assert 0.9 < seen["ball"][0] < 1
assert seen["cube"][0] < 0.01 and seen["cube"][1] > 200 and seen["flat nucleus"][0] < 0.35, "PoreSpy has changed"
assert seen["flat nucleus"][1] > 2, "PoreSpy has changed"
PYTHON
