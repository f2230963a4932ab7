"""Reads ImageJ's regions of interest: a zip of the ROI Manager, or a single .roi.

Areas are taken (polygon, freehand, traced, rectangle, oval, and composites with holes), each an object; points, lines
and text are left out and counted. A region's class is its property ``class``, else its group where it has one:
``group 3``. For what is written see `hooke.io.annotations.imagej_writer`.

ImageJ's and StarDist's outlines go through corners of pixels. Cellpose's go through the border pixels themselves
(``cellpose.io.save_rois`` writes what OpenCV's findContours found), and are filled with their border. Such an outline
is known by its points, which are those that findContours gives for the region that they enclose.

The regions are read by `roifile <https://github.com/cgohlke/roifile>`_ (BSD-3), of the optional extra ``formats``.
"""

from __future__ import annotations

import importlib
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hooke.errors import DatasetError
from hooke.extras import how_to_install
from hooke.io.annotations.json_fields import located
from hooke.io.annotations.zip_entries import visible_entries
from hooke.labels.polygons import Ring, ellipse, fill_border, rectangle, to_ring
from hooke.labels.shape_layer import ShapeLayer

AREAS = ("POLYGON", "FREEHAND", "TRACED", "RECT", "OVAL")
SKIPPED = "points, lines and text, left out"
OTHER_PLANES = "regions of other slices of a stack than the first one's, drawn into the same image"
OF_BORDERS = "outlines through border pixels, as Cellpose saves them, filled with their border"
MAX_ROI_BYTES = 1 << 26  # 8 million corners; an entry of a zip that unpacks to more is not a region
REMEDY = "save the regions again from the ROI Manager"


def read_regions(path: Path, shape: tuple[int, ...]) -> ShapeLayer:
    """Read the regions of an image of this height and width.

    Raises
    ------
    DatasetError
        If the file or a region is damaged, or the library that reads them is not installed.
    """
    layer = ShapeLayer(shape)
    planes = []
    for name, data in _entries(path):
        before = len(layer.masks)
        with located(path, name):
            plane = _add(layer, name, data)
        planes += [plane] * (len(layer.masks) - before)
    if others := sum(plane != planes[0] for plane in planes):
        layer.notes[OTHER_PLANES] = others
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


def require_roifile() -> Any:
    """Import the library that reads regions.

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
            for entry in visible_entries(archive):
                if not entry.filename.lower().endswith(".roi"):
                    continue
                if entry.file_size > MAX_ROI_BYTES:
                    raise DatasetError(f"{entry.filename} is too large for a region", path=path, remedy=REMEDY)
                yield ascii(entry.filename)[1:-1], archive.read(entry)
    except DatasetError:
        raise
    except Exception as error:  # zipfile: BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError...
        raise DatasetError(f"damaged file ({error})", path=path, remedy=REMEDY) from error


def _add(layer: ShapeLayer, name: str, data: bytes) -> tuple[int, ...]:
    """Add one region to the layer; return where in a stack it was drawn: slice, or else depth and time, 0 for none."""
    roi = _decoded(data)
    try:
        kind, given = roi.roitype.name, _properties(roi)
        # A slice of a stack of channels says nothing else than which channel was on show.
        plane = (
            (0, roi.z_position, roi.t_position) if roi.c_position else (roi.position, roi.z_position, roi.t_position)
        )
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
    return plane


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
