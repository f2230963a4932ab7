#!/usr/bin/env bash
# tifffile writes frames one by one as images of their own, and its imread gives the first of them alone.
# Guess: a file to which 5 frames were written in a loop, or appended, comes back from imread as (5, Y, X).
# Seen: imread gives (Y, X), the first frame, after a loop of TiffWriter.write and after imwrite(..., append=True), also in
#   OME-TIFF; so do scikit-image's and imageio's imread. Pillow and OpenCV see 5 pages. With contiguous=True, or
#   metadata=None, imread gives all five.
# Version: tifffile==2026.3.3 imageio==2.38.1 scikit-image==0.26.0 pillow==13.0.0 opencv-python-headless==5.0.0.93
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet tifffile==2026.3.3 imageio==2.38.1 scikit-image==0.26.0 pillow==13.0.0 \
  opencv-python-headless==5.0.0.93 numpy==2.4.6 scipy==1.17.1
cd "$folder"
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import cv2
import imageio.v3
import numpy as np
import skimage.io
import tifffile
from PIL import Image

frames = np.random.default_rng(0).integers(0, 4000, (5, 60, 70)).astype(np.uint16)


def loop(path, **options):
    """Write the frames one by one."""
    with tifffile.TiffWriter(path) as file:
        for frame in frames:
            file.write(frame, **options)


def append(path, **options):
    """Append the frames one by one, as a program does that opens the file for each."""
    for frame in frames:
        tifffile.imwrite(path, frame, append=True, **options)


loop("loop.tif")
loop("loop.ome.tif")
append("append.tif")
loop("contiguous.tif", contiguous=True)
append("plain.tif", metadata=None)
seen = {}
for name in ("loop.tif", "loop.ome.tif", "append.tif", "contiguous.tif", "plain.tif"):
    with Image.open(name) as file:
        pages = file.n_frames, cv2.imcount(name, cv2.IMREAD_UNCHANGED)
    shapes = [module.imread(name).shape for module in (tifffile, skimage.io, imageio.v3)]
    seen[name] = set(shapes)
    print(f"{name}: Pillow and OpenCV see {pages} pages; tifffile, scikit-image and imageio {shapes}")
    assert pages == (5, 5)
assert seen["contiguous.tif"] == seen["plain.tif"] == {(5, 60, 70)}
assert all(seen[name] == {(60, 70)} for name in ("loop.tif", "loop.ome.tif", "append.tif")), "tifffile has changed"
PYTHON
