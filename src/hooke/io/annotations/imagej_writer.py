"""Writes objects as a zip of ImageJ's regions of interest, which the ROI Manager opens.

The layout is that of ImageJ's class `RoiEncoder`: a header of 64 bytes, the corners, a second header of 64 bytes, the
name and the properties. Numbers are big-endian. Regions are put together here, not by roifile, which takes a tenth of
a millisecond for each; roifile reads them in the tests.

https://github.com/imagej/ImageJ/blob/master/ij/io/RoiEncoder.java
"""

from __future__ import annotations

import re
import struct
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hooke.io.annotations.annotated_plane import STORED_TIME, AnnotatedPlane
from hooke.io.atomic import atomic_path
from hooke.labels.rings import Corners, Polygon, trace_polygons

_VERSION = 229
_POLYGON, _RECT = 0, 1  # types; a region of several outlines is a RECT with them after it
_WHOLE_CORNERS = 32 + 128 + 8  # backgrounds and labels in overlays; corners are 32-bit floats
_MOVE, _LINE, _CLOSE = 0.0, 1.0, 4.0  # steps of a region of several outlines: java.awt.geom.PathIterator
_HEADER = struct.Struct(">4shBx4hHi12xhi4s4xhhBBhii")
_SECOND = struct.Struct(">4x5i4xh BBifiii12x")
_GROUPS = 255
_AXES = ("c", "z", "t")
_UNWRITABLE = re.compile(r"[^\x20-\ud7ff\ue000-\uffff]")  # ImageJ writes characters of 16 bits


@dataclass(frozen=True)
class _Outline:
    """What the first header says of an outline, and the bytes of its corners."""

    kind: int
    options: int
    box: tuple[int, int, int, int]  # top, left, bottom, right
    corners: int
    steps: int
    content: bytes


def write_regions(path: Path, plane: AnnotatedPlane) -> None:
    """Write the objects of a plane as a zip for ImageJ's ROI Manager, which opens when the file is dropped on Fiji.

    Each region is named by its label, has the colour of its class (or one of its own), its place in the stack, and as
    properties its class, its score and the size of the image. Corners are 32-bit floats: whole numbers are 16-bit in
    this format, too small for slides. An object with holes, or in several pieces, is a composite. Regions are stored,
    not compressed: of so few bytes each, compression takes longer than everything else.

    Raises
    ------
    OutputError
        If the file can't be written.
    """
    traced = trace_polygons(plane.labels)
    single = {label: polygons[0][0] for label, polygons in traced.items() if len(polygons) == len(polygons[0]) == 1}
    outlines = dict(zip(single, _polygons(list(single.values())), strict=True))
    groups = {name: 1 + place % _GROUPS for place, name in enumerate(sorted(plane.colours))}
    height, width = plane.labels.shape
    size = f"image_height: {height}\nimage_width: {width}\n"
    classes, scores = plane.content.classes, plane.content.scores
    with atomic_path(path) as part, zipfile.ZipFile(part, "w", zipfile.ZIP_STORED) as archive:
        for label, polygons in traced.items():
            name, properties, group = plane.numbered(label), size, 0
            if label in classes:
                group = groups[classes[label]]
                properties += f"class: {_UNWRITABLE.sub('?', classes[label])}\n"
            if label in scores:
                properties += f"score: {float(scores[label])!r}\n"
            outline = outlines.get(label) or _composite(polygons)
            region = _region(outline, name, plane.colour(label), plane.position, group, properties)
            archive.writestr(zipfile.ZipInfo(f"{name}.roi", STORED_TIME), region)


def _region(
    outline: _Outline,
    name: str,
    colour: tuple[int, int, int],
    position: Mapping[str, int],
    group: int,
    properties: str,
) -> bytes:
    """Put one region together."""
    top, left, bottom, right = (_in_16_bits(edge) for edge in outline.box)
    few = outline.corners < 1 << 16
    # ImageJ counts places in a stack from 1: by axis, and as slice where there is one axis.
    places = [position[axis] + 1 if axis in position else 0 for axis in _AXES]
    (only,) = (index + 1 for index in position.values()) if len(position) == 1 else (0,)
    second = _HEADER.size + len(outline.content)
    name_at, properties_at = second + _SECOND.size, second + _SECOND.size + 2 * len(name)
    header = _HEADER.pack(
        b"Iout", _VERSION, outline.kind, top, left, bottom, right, outline.corners if few else 0,
        0 if few else outline.corners, 0, outline.steps, bytes((255, *colour)), 0, outline.options, 0, 0, 0, only,
        second,
    )  # fmt: skip
    further = _SECOND.pack(*places, name_at, len(name), 0, group, 0, 0, 0.0, properties_at, len(properties), 0)
    return b"".join((header, outline.content, further, name.encode("utf-16be"), properties.encode("utf-16be")))


def _in_16_bits(edge: int) -> int:
    """What is left of a number in 16 bits: ImageJ takes boxes of large regions from their corners."""
    return (edge + (1 << 15)) % (1 << 16) - (1 << 15)


def _polygons(rings: list[Corners]) -> list[_Outline]:
    """Encode outlines of one ring each: whole corners from the top left of the box, then the corners as floats."""
    if not rings:
        return []
    sizes = np.array([len(ring) for ring in rings])
    bounds = np.concatenate([[0], np.cumsum(sizes)])
    corners = np.concatenate(rings)
    least, greatest = (extreme.reduceat(corners, bounds[:-1]) for extreme in (np.minimum, np.maximum))
    inside = (corners - np.repeat(least, sizes, axis=0)).astype(">i2")
    parts = [np.ascontiguousarray(inside[:, axis]).tobytes() for axis in (0, 1)]
    parts += [corners[:, axis].astype(">f4").tobytes() for axis in (0, 1)]
    boxes = np.concatenate([least[:, ::-1], greatest[:, ::-1] + 1], axis=1).tolist()
    ends = bounds.tolist()
    found = []
    for place, (top, left, bottom, right) in enumerate(boxes):
        first, last = ends[place], ends[place + 1]
        content = b"".join(
            part[bytes_each * first : bytes_each * last] for part, bytes_each in zip(parts, (2, 2, 4, 4), strict=True)
        )
        found.append(_Outline(_POLYGON, _WHOLE_CORNERS, (top, left, bottom, right), last - first, 0, content))
    return found


def _composite(polygons: list[Polygon]) -> _Outline:
    """Encode outlines and holes as a path."""
    rings = [ring for polygon in polygons for ring in polygon]
    steps: list[NDArray[np.float64]] = []
    for ring in rings:
        path = np.insert(ring.astype(np.float64), 0, _LINE, axis=1)
        path[0, 0] = _MOVE
        steps += [path.ravel(), np.array([_CLOSE])]
    path = np.concatenate(steps).astype(">f4")
    corners = np.concatenate(rings)
    (left, top), (right, bottom) = corners.min(axis=0).tolist(), corners.max(axis=0).tolist()
    return _Outline(_RECT, 0, (top, left, bottom, right), 0, len(path), path.tobytes())
