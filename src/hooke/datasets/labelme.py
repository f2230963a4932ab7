"""labelme's json files, one an image, as labelme and as DKFZ's cell classification write them; label images out.

::

    SRC/**/<id>.json     imageData (the image, base64) or imagePath; shapes with label, shape_type and points

Shapes of type ``polygon``, ``rectangle``, ``circle`` and ``mask`` (corners of its bounding box, both inclusive, and a
base64 png) are taken; points and lines are left out and counted. Shapes other than masks that share a label and a
``group_id`` are one object. A pixel belongs to a polygon that holds its centre; labelme's own export also takes pixels
that its border touches, half a pixel more all around. Overlaps: `hooke.labels.shape_layer`.

The label is the class. To train a classifier without some class, as DKFZ's authors do without
``PartiallydifferentiatedMSC``, let it be ignored (``--ignore``): the cell stays in the label image, for it is a cell
that must be found, and just has no class. To drop it (``--drop``) would teach the network that it is background.

https://github.com/wkentaro/labelme
"""

from __future__ import annotations

import base64
import binascii
import math
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
from numpy.typing import NDArray

from hooke.datasets.adapter import Sample
from hooke.datasets.annotated_image import Orientation, parse_orientation, read_annotated
from hooke.datasets.image_search import ImageSearch, annotation_files
from hooke.datasets.layout import Entry
from hooke.errors import DatasetError, HookeError
from hooke.io.annotations import json_fields as checked
from hooke.io.naming import image_ids
from hooke.labels.polygons import Ring, ellipse, rectangle, to_ring
from hooke.labels.shape_layer import ShapeLayer
from hooke.limits import check_memory, check_promise

__all__ = ["TAKES", "LabelmeSource", "find", "load"]

TAKES = "labelme: *.json with the image inside or beside; polygons, rectangles, circles, masks (DKFZ); label as class"

NO_AREA = ("point", "points", "line", "linestrip")
SKIPPED = "points and lines, left out"
REMEDY = "export the annotations again"
PNG_EXPANSION = 1032  # bytes that one byte of a png can become
BYTES_PER_PIXEL = 6  # of a mask: as decoded, in up to four colours, and as truth values


@dataclass(frozen=True)
class LabelmeSource:
    """The json of each id, where images lie that are not in their json, and how those with a tag were annotated."""

    search: ImageSearch
    files: dict[str, Path]
    orientation: Orientation | None = None


def find(src: str | Path, *, orientation: str = "") -> tuple[LabelmeSource, list[Entry]]:
    """List the json files of a folder and its subfolders; labelme states no split, modality or field of view.

    Parameters
    ----------
    src : str or Path
        The folder, or one json.
    orientation : {"", "shown", "stored"}
        Option: how images with an orientation tag were annotated (`hooke.datasets.annotated_image`).

    Returns
    -------
    source : LabelmeSource
        For `load`.
    entries : list of Entry
        One per json, sorted by path.

    Raises
    ------
    DatasetError
        If there is no json.
    """
    turned = parse_orientation(orientation)
    src = Path(src)
    paths = annotation_files(src, [".json"])
    folder = src if src.is_dir() else src.parent
    files = dict(zip(image_ids(str(path.relative_to(folder)) for path in paths), paths, strict=True))
    return LabelmeSource(ImageSearch(folder), files, turned), [Entry(id_) for id_ in files]


def load(source: LabelmeSource, id_: str) -> Sample:
    """Read one json with its image, and paint its shapes.

    Raises
    ------
    DatasetError
        If the json is damaged, a shape is of unknown type, or the image isn't there or of another size than stated.
    ImageReadError
        If the image beside is damaged.
    """
    path = source.files[id_]
    data = checked.read_json(path)
    with checked.located(path):
        shapes = checked.field(data, "shapes", list)
        image = _image(data, path, source)
        _check_size(data, image)
    layer = ShapeLayer(image.shape[:2])
    for members in _objects(shapes, path):
        _add(layer, members, path)
    return Sample.from_shapes(image, layer)


def _image(data: dict[str, Any], path: Path, source: LabelmeSource) -> NDArray[np.generic]:
    """Read the image from the json, or the one that it names.

    labelme turns a file by its orientation tag as it opens it, a TIFF only in some of its versions, and writes images
    without a tag into its json: one that has it comes from another tool.
    """
    size = _size(data)
    if data.get("imageData") is None:
        file = source.search.named(checked.field(data, "imagePath", str), beside=path.parent)
        usual: Orientation | None = None if file.suffix.lower() in (".tif", ".tiff") else "shown"
        return read_annotated(file, size, source.orientation, usual=usual)
    return _decode_image(_decode_base64(data, "imageData"), size, source.orientation)


def _size(data: dict[str, Any]) -> tuple[int, int] | None:
    """Height and width, where both are stated."""
    if data.get("imageHeight") is None or data.get("imageWidth") is None:
        return None
    height, width = (checked.field(data, key, int, float) for key in ("imageHeight", "imageWidth"))
    return height, width


def _decode_image(data: bytes, size: tuple[int, int] | None, orientation: Orientation | None) -> NDArray[np.generic]:
    """Decode an image file of any format, by hooke's own readers, which take files."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "image"
        file.write_bytes(data)
        try:
            return read_annotated(file, size, orientation)
        except HookeError as error:
            remedy = error.remedy if "orientation" in error.cause else "save it in labelme again, with its image"
            raise DatasetError(f"imageData: {error.cause}", remedy=remedy) from error


def _decode_base64(record: dict[str, Any], key: str) -> bytes:
    """Decode a file written as text."""
    try:
        return base64.b64decode(checked.field(record, key, str), validate=False)
    except (binascii.Error, ValueError) as error:
        raise DatasetError(f"{key!r} is not base64, or cut short", remedy=REMEDY) from error


def _check_size(data: dict[str, Any], image: NDArray[np.generic]) -> None:
    """Refuse an image of another size than the one annotated."""
    for key, length in (("imageHeight", image.shape[0]), ("imageWidth", image.shape[1])):
        if data.get(key) is not None and checked.field(data, key, int, float) != length:
            remedy = "give the image that was annotated, not a rescaled or turned copy"
            raise DatasetError(f"{key} is {data[key]}, the image's is {length}", remedy=remedy)


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
    size = tuple(int.from_bytes(encoded[at : at + 4], "big") for at in (20, 16))
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
    except Exception as error:  # whatever libpng and its wrapper make of a damaged file
        raise DatasetError("mask is not a png, or cut short", remedy=REMEDY) from error
    mask = pixels if pixels.ndim == 2 else pixels[..., :3].any(axis=2)
    return np.asarray(mask != 0), top, left
