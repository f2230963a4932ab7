#!/usr/bin/env bash
# dask-image's cubic transform blurs: turned by 0 degrees, a bright pixel of 1000 is 444, and its neighbours share the rest.
# Guess: affine_transform and rotate with order=3 are those of SciPy on tiles: the identity leaves the image as it is, and a
#   shift by half a pixel is sharper than with order=1.
# Seen: with the identity a single pixel of 1000 is 563 with order=2, 444 with order=3 and 303 with order=5, in one tile or
#   in 16; SciPy's are 1000. Orders 0 and 1 are SciPy's. The spline's coefficients are not computed before (prefilter): the
#   documentation says that this is not supported, yet prefilter=True is, and gives 1000. No warning.
# Version: dask-image==2026.5.0 dask==2026.8.0 scipy==1.17.1 numpy==2.4.6
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet dask-image==2026.5.0 dask==2026.8.0 scipy==1.17.1 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" -W error - <<'PYTHON'
import dask.array
import numpy as np
from dask_image import ndinterp
from scipy import ndimage

image = np.zeros((64, 64))
image[32, 32] = 1000
peaks = {}
for tile in (64, 16):
    tiles = dask.array.from_array(image, chunks=tile)
    for order in (0, 1, 2, 3, 5):
        peaks[tile, order] = (
            float(ndinterp.affine_transform(tiles, np.eye(2), order=order).compute().max()),
            float(ndinterp.rotate(tiles, 0, order=order).compute().max()),
            float(ndimage.affine_transform(image, np.eye(2), order=order).max()),
        )
        print(f"tiles of {tile}, order {order}: affine_transform %.1f, rotate %.1f, SciPy %.1f" % peaks[tile, order])
asked = float(ndinterp.affine_transform(tiles, np.eye(2), order=3, prefilter=True).compute().max())
print(f"with prefilter=True: {asked:.1f}")
assert abs(asked - 1000) < 0.1
for (_, order), (affine, turned, scipy) in peaks.items():
    assert abs(scipy - 1000) < 0.1 and affine == turned
    assert abs(affine - {0: 1000, 1: 1000, 2: 562.5, 3: 444.4, 5: 302.5}[order]) < 0.1, "dask-image has changed"
PYTHON
