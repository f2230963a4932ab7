"""Read labelme's json files, as labelme and as DKFZ's cell classification write them.

Shapes of type ``polygon``, ``rectangle``, ``circle`` and ``mask`` (corners of its bounding box, both inclusive, and a
base64 png) are taken; points and lines are left out and counted. Shapes other than masks that share a label and a
``group_id`` are one object. The label is the class. A pixel belongs to a polygon that holds its centre; labelme's own
export also takes pixels that its border touches, half a pixel more all around.

https://github.com/wkentaro/labelme
"""

from __future__ import annotations

import base64
import binascii
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
from numpy.typing import NDArray

from hooke.errors import DatasetError
from hooke.io.annotations import json_fields as checked
from hooke.labels.polygons import Ring, ellipse, rectangle, to_ring
from hooke.labels.shape_layer import ShapeLayer
from hooke.limits import check_memory, check_promise

NO_AREA = ("point", "points", "line", "linestrip")
SKIPPED = "points and lines, left out"
REMEDY = "export the annotations again"
PNG_EXPANSION = 1032  # bytes that one byte of a png can become
BYTES_PER_PIXEL = 6  # of a mask: as decoded, in up to four colours, and as truth values


@dataclass(frozen=True)
class LabelmeFile:
    """A file: its values, as stored, and of them the shapes."""

    path: Path
    values: dict[str, Any]
    stored_shapes: list[Any]

    @property
    def size(self) -> tuple[int, int] | None:
        """Height and width of the image, where both are stated."""
        if self.values.get("imageHeight") is None or self.values.get("imageWidth") is None:
            return None
        height, width = (checked.field(self.values, key, int, float) for key in ("imageHeight", "imageWidth"))
        return height, width

    @property
    def image_name(self) -> str:
        """Name of the image's file."""
        return str(checked.field(self.values, "imagePath", str))

    @property
    def image_bytes(self) -> bytes | None:
        """The image file itself, where it is in the json."""
        return None if self.values.get("imageData") is None else _decode_base64(self.values, "imageData")

    def check_size(self, shape: tuple[int, ...]) -> None:
        """Refuse an image of another size than the one annotated."""
        for key, length in zip(("imageHeight", "imageWidth"), shape, strict=False):
            if self.values.get(key) is not None and checked.field(self.values, key, int, float) != length:
                remedy = "give the image that was annotated, not a rescaled or turned copy"
                raise DatasetError(f"{key} is {self.values[key]}, the image's is {length}", remedy=remedy)

    def shapes(self, shape: tuple[int, ...]) -> ShapeLayer:
        """Collect the annotated shapes of an image of this height and width.

        Raises
        ------
        DatasetError
            If a shape is damaged, or of unknown type.
        """
        layer = ShapeLayer(shape)
        for members in _objects(self.stored_shapes, self.path):
            _add(layer, members, self.path)
        return layer


def read_labelme(path: Path) -> LabelmeFile:
    """Read a file.

    Raises
    ------
    DatasetError
        If it is damaged, or has no list of shapes.
    """
    values = checked.read_json(path)
    with checked.located(path):
        return LabelmeFile(path, values, checked.field(values, "shapes", list))


def _decode_base64(record: dict[str, Any], key: str) -> bytes:
    """Decode a file written as text."""
    try:
        return base64.b64decode(checked.field(record, key, str), validate=False)
    except (binascii.Error, ValueError) as error:
        raise DatasetError(f"{key!r} is not base64, or cut short", remedy=REMEDY) from error


def _objects(shapes: list[Any], path: Path) -> Iterator[list[tuple[str, dict[str, Any]]]]:
    """Join shapes to objects: those of one label and group, all others alone; each shape with its name in messages."""
    objects: dict[tuple[Any, ...], list[tuple[str, dict[str, Any]]]] = {}
    for place, shape in enumerate(shapes, start=1):
        name = f"shape {place}"
        with checked.located(path, name):
            label = checked.field(shape, "label", str)
            grouped = shape.get("group_id") is not None
            key = (label, checked.field(shape, "group_id", int, str)) if grouped else (place,)
        objects.setdefault(key, []).append((name, shape))
    yield from objects.values()


def _add(layer: ShapeLayer, members: list[tuple[str, dict[str, Any]]], path: Path) -> None:
    """Add one object: one shape, or those of a group."""
    parts: list[list[Ring]] = []
    class_name = None
    for name, shape in members:
        with checked.located(path, name):
            class_name = checked.optional_text(shape, "label")
            kind = checked.optional_text(shape, "shape_type") or "polygon"
            if kind in NO_AREA:
                layer.notes[SKIPPED] += 1
            elif kind == "mask":
                mask, top, left = _mask(shape)
                layer.add_mask(name, mask, class_name, top=top, left=left)
            else:
                parts.append([_ring(kind, to_ring(checked.field(shape, "points", list)))])
    if parts:
        layer.add_polygon(members[0][0], parts, class_name)


def _ring(kind: str, points: Ring) -> Ring:
    """Outline a shape from its points."""
    if kind == "polygon":
        return points
    if kind == "circle" and len(points) == 2:
        (x, y), (x1, y1) = points
        radius = math.hypot(x1 - x, y1 - y)
        return ellipse(x, y, radius, radius)
    if kind == "rectangle" and len(points) in (2, 4):
        return rectangle(*points[0], *points[1]) if len(points) == 2 else points
    if kind in ("circle", "rectangle"):
        raise DatasetError(f"a {kind} of {len(points)} points", remedy=REMEDY)
    raise DatasetError(f"unknown shape_type {kind!r}", remedy="save it as polygon, rectangle, circle or mask")


def _check_png(encoded: bytes, box: tuple[int, int]) -> None:
    """Refuse a mask whose header has another size than its box, or one that its bytes can't fill."""
    if not encoded.startswith(b"\x89PNG"):
        raise DatasetError("mask is not a png, or cut short", remedy=REMEDY)
    size = tuple(int.from_bytes(encoded[start : start + 4], "big") for start in (20, 16))
    if size != box:
        cause = f"a mask of {size[0]} x {size[1]} in a box of {box[0]} x {box[1]} pixels"
        raise DatasetError(cause, remedy=REMEDY)
    check_promise(box[0] * box[1] / 8, len(encoded), PNG_EXPANSION, what="its mask", error=DatasetError)
    check_memory(BYTES_PER_PIXEL * box[0] * box[1], error=DatasetError)


def _mask(shape: dict[str, Any]) -> tuple[NDArray[np.bool_], int, int]:
    """Decode a mask; return it with its top row and left column in the image."""
    corners = to_ring(checked.field(shape, "points", list))
    if corners.shape != (2, 2):
        raise DatasetError(f"a mask with {len(corners)} points instead of two corners", remedy=REMEDY)
    (left, top), (right, bottom) = np.rint(corners).astype(int).tolist()
    encoded = _decode_base64(shape, "mask")
    box = bottom - top + 1, right - left + 1
    _check_png(encoded, box)
    try:
        pixels = np.asarray(imagecodecs.png_decode(encoded))
    except Exception as error:  # libpng and its wrapper raise many types for a damaged file
        raise DatasetError("mask is not a png, or cut short", remedy=REMEDY) from error
    mask = pixels if pixels.ndim == 2 else pixels[..., :3].any(axis=2)
    return np.asarray(mask != 0), top, left
