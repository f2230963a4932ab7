"""Readers and writers: paths in, images out, and label images and pictures back to files; a file per format family."""

from __future__ import annotations

from hooke.io.atomic import atomic_path
from hooke.io.find import find_images, unique_names
from hooke.io.image_file import ImageFile
from hooke.io.labels import read_labels, write_labels, write_png
from hooke.io.reading import open_image, read_image

__all__ = [
    "ImageFile",
    "atomic_path",
    "find_images",
    "open_image",
    "read_image",
    "read_labels",
    "unique_names",
    "write_labels",
    "write_png",
]
