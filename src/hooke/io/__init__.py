"""Readers and writers of images, label images and pictures, one module per family of formats."""

from __future__ import annotations

from hooke.io.atomic import atomic_path
from hooke.io.file_runner import Progress
from hooke.io.find import FoundImages, find_images, search_images
from hooke.io.image_file import ImageFile
from hooke.io.labels import LabelPlanes, read_labels, write_labels, write_png
from hooke.io.lazy_plane import LazyPlane
from hooke.io.naming import unique_names
from hooke.io.reading import open_image, read_image
from hooke.io.yaml_text import parse_settings

__all__ = [
    "FoundImages",
    "ImageFile",
    "LabelPlanes",
    "LazyPlane",
    "Progress",
    "atomic_path",
    "find_images",
    "open_image",
    "parse_settings",
    "read_image",
    "read_labels",
    "search_images",
    "unique_names",
    "write_labels",
    "write_png",
]
