"""Reads and writes ImageJ's regions of interest: a zip of the ROI Manager, or a single .roi.

Areas are taken (polygon, freehand, traced, rectangle, oval, and composites with holes), each an object; points, lines
and text are left out and counted. A region's class is its property ``class``, else its group where it has one:
``group 3``. What is written goes along the edges of pixels and holds the size of the image as properties.

ImageJ's and StarDist's outlines go through corners of pixels. Cellpose's go through the border pixels themselves
(``cellpose.io.save_rois`` writes what OpenCV's findContours found), and are filled with their border. Such an outline
is known by its points, which are those that findContours gives for the region that they enclose.

The regions are read by `roifile <https://github.com/cgohlke/roifile>`_ (BSD-3), of the optional extra ``formats``.
"""

from __future__ import annotations

import importlib
import re
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from hooke.errors import DatasetError
from hooke.extras import how_to_install
from hooke.io.annotations.annotated_plane import STORED_TIME, AnnotatedPlane
from hooke.io.annotations.json_fields import located
from hooke.io.atomic import atomic_path
from hooke.labels.polygons import Ring, ellipse, fill_border, rectangle, to_ring
from hooke.labels.rings import Polygon, trace_polygons
from hooke.labels.shape_layer import ShapeLayer

AREAS = ("POLYGON", "FREEHAND", "TRACED", "RECT", "OVAL")
SKIPPED = "points, lines and text, left out"
OF_BORDERS = "outlines through border pixels, as Cellpose saves them, filled with their border"
MAX_ROI_BYTES = 1 << 26  # 8 million corners; an entry of a zip that unpacks to more is not a region
REMEDY = "save the regions again from the ROI Manager"
_MOVE, _LINE, _CLOSE = 0.0, 1.0, 4.0  # steps of a region of several outlines: java.awt.geom.PathIterator
_GROUPS = 255


def read_regions(path: Path, shape: tuple[int, ...]) -> ShapeLayer:
    """Read the regions of an image of this height and width.

    Raises
    ------
    DatasetError
        If the file or a region is damaged, or the library that reads them is not installed.
    """
    layer = ShapeLayer(shape)
    for name, data in _entries(path):
        with located(path, name):
            _add(layer, name, data)
    return layer


def size_of_image(path: Path) -> tuple[int, int] | None:
    """Height and width of the image that regions belong to, where hooke wrote them.

    Raises
    ------
    DatasetError
        If the file is damaged, or the library that reads regions is not installed.
    """
    for name, data in _entries(path):
        with located(path, name):
            given = _properties(_decoded(data))
        sides = [given.get(key, "") for key in ("image_height", "image_width")]
        if all(re.fullmatch(r"[0-9]{1,9}", side) for side in sides):
            return int(sides[0]), int(sides[1])
        return None
    return None


def write_regions(path: Path, plane: AnnotatedPlane) -> None:
    """Write the objects of a plane as a zip for ImageJ's ROI Manager, which opens when the file is dropped on Fiji.

    Each region is named by its label, has the colour of its class (or one of its own), its place in the stack, and as
    properties its class, its score and the size of the image. Corners are 32-bit floats: whole numbers are 16-bit in
    this format, too small for slides. An object with holes, or in several pieces, is a composite.

    Raises
    ------
    DatasetError
        If the library that writes regions is not installed.
    OutputError
        If the file can't be written.
    """
    roifile = require_roifile()
    groups = {name: 1 + place % _GROUPS for place, name in enumerate(sorted(plane.colours))}
    height, width = plane.labels.shape
    with atomic_path(path) as part, zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for label, polygons in trace_polygons(plane.labels).items():
            roi = _region(roifile, polygons)
            roi.name = plane.numbered(label)
            roi.stroke_color = bytes((255, *plane.colour(label)))
            _place(roi, plane.position)
            properties = {"image_height": str(height), "image_width": str(width)}
            class_name = plane.content.classes.get(label)
            if class_name is not None:
                roi.group = groups[class_name]
                properties["class"] = re.sub(r"[^\x20-\uffff]", "?", class_name)  # which ImageJ writes as 16 bits
            if label in plane.content.scores:
                properties["score"] = repr(float(plane.content.scores[label]))
            roi.props = "".join(f"{key}: {value}\n" for key, value in properties.items())
            archive.writestr(zipfile.ZipInfo(f"{roi.name}.roi", STORED_TIME), roi.tobytes(), zipfile.ZIP_DEFLATED)


def _region(roifile: Any, polygons: list[Polygon]) -> Any:
    """Outline one object."""
    if len(polygons) == 1 and len(polygons[0]) == 1:
        roi = roifile.ImagejRoi.frompoints(polygons[0][0].astype(np.float32))
        roi.roitype = roifile.ROI_TYPE.POLYGON
        return roi
    rings = [ring for polygon in polygons for ring in polygon]
    steps: list[float] = []
    for ring in rings:
        first, *others = ring.tolist()
        steps += [_MOVE, *first]
        for corner in others:
            steps += [_LINE, *corner]
        steps.append(_CLOSE)
    corners = np.concatenate(rings)
    roi = roifile.ImagejRoi()
    roi.roitype = roifile.ROI_TYPE.RECT
    roi.multi_coordinates = np.array(steps, np.float32)
    roi.shape_roi_size = len(steps)
    roi.left, roi.top = corners.min(axis=0).tolist()
    roi.right, roi.bottom = corners.max(axis=0).tolist()
    return roi


def _place(roi: Any, position: Mapping[str, int]) -> None:
    """State the place in a stack, which ImageJ counts from 1: by axis, and as slice where there is one axis."""
    for axis, index in position.items():
        if axis in ("c", "z", "t"):
            setattr(roi, f"{axis}_position", index + 1)
    if len(position) == 1:
        (roi.position,) = (index + 1 for index in position.values())


def require_roifile() -> Any:
    """Import the library that reads and writes regions.

    Raises
    ------
    DatasetError
        If it is not installed.
    """
    try:
        return importlib.import_module("roifile")
    except ImportError as error:
        cause = "ImageJ's regions need the library roifile"
        raise DatasetError(cause, remedy=how_to_install("formats")) from error


def _entries(path: Path) -> Iterator[tuple[str, bytes]]:
    """Read the regions of a zip, or the one of a file, with their names."""
    try:
        if path.suffix.lower() == ".roi":
            yield path.stem, path.read_bytes()
            return
        with zipfile.ZipFile(path) as archive:
            for entry in archive.infolist():
                if not entry.filename.lower().endswith(".roi"):
                    continue
                if entry.file_size > MAX_ROI_BYTES:
                    raise DatasetError(f"{entry.filename} is too large for a region", path=path, remedy=REMEDY)
                yield ascii(entry.filename)[1:-1], archive.read(entry)
    except DatasetError:
        raise
    except Exception as error:  # zipfile: BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError...
        raise DatasetError(f"damaged file ({error})", path=path, remedy=REMEDY) from error


def _add(layer: ShapeLayer, name: str, data: bytes) -> None:
    """Add one region to the layer."""
    roi = _decoded(data)
    try:
        kind, given = roi.roitype.name, _properties(roi)
        rings = _rings(roi) if kind in AREAS and roi.subtype.name != "TEXT" else None
        region = fill_border(rings[0]) if rings and len(rings) == 1 and not roi.composite else None
    except DatasetError:
        raise
    except Exception as error:  # roifile raises many types, as the damaged field has it
        raise DatasetError(f"damaged region ({error})", remedy=REMEDY) from error
    class_name = given.get("class") or (f"group {roi.group}" if roi.group else None)
    score = float(given["score"]) if re.fullmatch(r"[01](\.[0-9]+)?(e-[0-9]+)?", given.get("score", "")) else None
    if rings is None:
        layer.notes[SKIPPED] += 1
    elif region is not None:
        layer.notes[OF_BORDERS] += 1
        mask, top, left = region
        layer.add_mask(name, mask, class_name, top=top, left=left, score=score)
    else:
        layer.add_polygon(name, [rings], class_name, score=score)


def _decoded(data: bytes) -> Any:
    """Decode a region."""
    roifile = require_roifile()
    try:
        return roifile.ImagejRoi.frombytes(data)
    except Exception as error:  # roifile raises many types, as the damaged field has it
        raise DatasetError(f"damaged region ({error})", remedy=REMEDY) from error


def _properties(roi: Any) -> dict[str, str]:
    """Properties of a region, by name."""
    lines = (line.partition(":") for line in str(roi.props).splitlines())
    return {key.strip(): value.strip() for key, _, value in lines}


def _rings(roi: Any) -> list[Ring]:
    """Outline a region; ImageJ writes rectangles and ovals as their box, in whole pixels or fractions."""
    if roi.composite or roi.roitype.name not in ("RECT", "OVAL"):
        return [to_ring(ring) for ring in roi.coordinates(multi=True)]
    if roi.subpixelrect:
        left, top, width, height = roi.xd, roi.yd, roi.widthd, roi.heightd
    else:
        left, top, width, height = roi.left, roi.top, roi.right - roi.left, roi.bottom - roi.top
    if roi.roitype.name == "OVAL":
        return [to_ring(ellipse(left + width / 2, top + height / 2, width / 2, height / 2))]
    return [to_ring(rectangle(left, top, left + width, top + height))]
