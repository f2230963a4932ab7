#!/usr/bin/env bash
# Ids that a file's type cannot hold become its greatest number in h5py, rasterio and OpenCV: their objects are one.
# Guess: labels of int32 with an id of 70000 are refused by a data set of 16 bits, or start again as in NumPy and
#   zarr, where 70000 becomes 4464.
# Seen: h5py stores 65535 for every id above, and rasterize burns 65535: all these cells are one object. OpenCV
#   writes a PNG of 8 bits, in which every id above 255 is 255, and says so in its log alone. Negative ids become 0 in
#   h5py. No error, no warning from Python.
# Version: h5py==3.16.0 zarr==3.1.6 rasterio==1.4.4 opencv-python-headless==5.0.0.93
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet h5py==3.16.0 zarr==3.1.6 rasterio==1.4.4 \
  opencv-python-headless==5.0.0.93 numpy==2.4.6
cd "$folder"
OPENCV_LOG_LEVEL=SILENT "$folder/venv/bin/python" -W error - <<'PYTHON'
import cv2
import h5py
import numpy as np
import zarr
from rasterio import features

ids = [1, 300, 65534, 65535, 70000, 80000]
labels = np.repeat(np.repeat(np.array([ids], np.int32), 4, axis=0), 4, axis=1)


def outline(column):
    """The square of an object as GeoJSON."""
    left, right = 4 * column, 4 * column + 4
    return {"type": "Polygon", "coordinates": [[(left, 0), (right, 0), (right, 4), (left, 4), (left, 0)]]}


with h5py.File("labels.h5", "w") as file:
    in_hdf5 = file.create_dataset("labels", data=labels, dtype="uint16")[:]
    negative = file.create_dataset("negative", data=np.array([-1, -7]), dtype="uint16")[:].tolist()
in_zarr = zarr.create_array({}, shape=labels.shape, dtype="uint16")
in_zarr[...] = labels
shapes = [(outline(column), number) for column, number in enumerate(ids)]
assert cv2.imwrite("opencv.png", labels)
images = {
    "NumPy": labels.astype(np.uint16),
    "zarr": in_zarr[...],
    "h5py": in_hdf5,
    "rasterio": features.rasterize(shapes, labels.shape, dtype="uint16"),
    "OpenCV": cv2.imread("opencv.png", cv2.IMREAD_UNCHANGED),
}
seen = {name: image[0, ::4].tolist() for name, image in images.items()}
for name, found in seen.items():
    print(f"{name}: {found} ({images[name].dtype})")
print(f"h5py, negative ids: {negative}")
assert seen["NumPy"] == seen["zarr"] == [1, 300, 65534, 65535, 70000 % 65536, 80000 % 65536]
assert seen["h5py"] == seen["rasterio"] == [1, 300, 65534, 65535, 65535, 65535], "a package has changed"
assert seen["OpenCV"] == [1, 255, 255, 255, 255, 255] and negative == [0, 0], "a package has changed"
PYTHON
