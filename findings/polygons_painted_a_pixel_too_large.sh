#!/usr/bin/env bash
# A GeoJSON outline, along the edges of pixels, is painted a row and a column too large by three of four libraries.
# Guess: the square from (10, 10) to (20, 20), the outline of 100 pixels, is painted with 100 pixels; with OpenCV, which
#   counts from centres, with 121.
# Seen: Pillow, OpenCV and scikit-image paint 121, rasterio 100. Of a nucleus of 113 pixels the first three make 142 to
#   144. Half a pixel taken off the coordinates puts scikit-image right, not Pillow: there it is still 121, and one row
#   and column further up.
# Version: pillow==13.0.0 opencv-python-headless==5.0.0.93 scikit-image==0.26.0 rasterio==1.4.4 numpy==2.4.6
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet pillow==13.0.0 opencv-python-headless==5.0.0.93 \
  scikit-image==0.26.0 rasterio==1.4.4 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import cv2
import numpy as np
import rasterio.features
from PIL import Image, ImageDraw
from skimage.draw import polygon

SIZE = (40, 40)


def by_pillow(outline, shape=SIZE):
    image = Image.new("L", shape)
    ImageDraw.Draw(image).polygon([(float(x), float(y)) for x, y in outline], fill=1)
    return np.asarray(image)


def by_opencv(outline, shape=SIZE):
    return cv2.fillPoly(np.zeros(shape, np.uint8), [np.asarray(outline, np.int32)], 1)


def by_skimage(outline, shape=SIZE):
    image = np.zeros(shape, np.uint8)
    image[polygon(outline[:, 1], outline[:, 0], shape)] = 1
    return image


def by_rasterio(outline, shape=SIZE):
    ring = [*outline.tolist(), outline[0].tolist()]
    return rasterio.features.rasterize([({"type": "Polygon", "coordinates": [ring]}, 1)], shape)


square = np.array([(10, 10), (20, 10), (20, 20), (10, 20)])
row, column = np.mgrid[: SIZE[0], : SIZE[1]]
nucleus = (np.hypot(row - 20, column - 20) <= 6).astype(np.uint8)
((of_nucleus, _),) = rasterio.features.shapes(nucleus, nucleus > 0)  # along the edges of its pixels
ring = np.array(of_nucleus["coordinates"][0][:-1])
painters = {"Pillow": by_pillow, "OpenCV": by_opencv, "scikit-image": by_skimage, "rasterio": by_rasterio}
painted = {name: (int(paint(square).sum()), int(paint(ring).sum())) for name, paint in painters.items()}
for name, (pixels, of_it) in painted.items():
    print(f"{name}: the square of 100 pixels has {pixels}, the nucleus of {nucleus.sum()} has {of_it}")
half = int(by_skimage(square - 0.5).sum()), int(by_pillow(square - 0.5).sum())
print("with half a pixel taken off: scikit-image {}, Pillow {}".format(*half))
assert half == (100, 121), "scikit-image or Pillow has changed"
assert list(painted.values()) == [(121, 140), (121, 140), (121, 140), (100, 113)], "a library has changed"
PYTHON
