"""ImageJ's regions of interest, a zip (or one .roi) an image, and the images in; label images out.

::

    SRC/**/<id>.zip         also <id>_rois.zip (cellpose), <id>_RoiSet.zip, <id>.roi; RoiSet.zip beside one image alone
    SRC/**/<id>.<tif...>    the image, beside it or anywhere below SRC

Areas are taken (polygon, freehand, traced, rectangle, oval, and composites with holes), each an object; points, lines
and text are left out and counted. A region's group, where it has one, is its class: ``group 3``. Overlaps:
`hooke.labels.shape_layer`.

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
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hooke.datasets.adapter import Sample
from hooke.datasets.annotated_image import read_annotated
from hooke.datasets.image_search import ImageSearch, annotation_files
from hooke.datasets.layout import Entry
from hooke.errors import DatasetError
from hooke.extras import how_to_install
from hooke.io.annotations.json_fields import located
from hooke.io.formats import has_image_suffix
from hooke.io.naming import image_ids
from hooke.labels.polygons import Ring, ellipse, fill_border, rectangle, to_ring
from hooke.labels.shape_layer import ShapeLayer

__all__ = ["TAKES", "ImagejSource", "find", "load"]

TAKES = "ImageJ: a zip of ROIs (or one .roi) and the image of the same name; ROI group as class; extra: formats"

OF_IMAGE = re.compile(r"(?i)(?P<stem>.+?)[-_. ]?(roiset|rois?)$")
AREAS = ("POLYGON", "FREEHAND", "TRACED", "RECT", "OVAL")
SKIPPED = "points, lines and text, left out"
OF_BORDERS = "outlines through border pixels, as Cellpose saves them, filled with their border"
MAX_ROI_BYTES = 1 << 26  # 8 million corners; an entry of a zip that unpacks to more is no region
REMEDY = "save the regions again from the ROI Manager"


@dataclass(frozen=True)
class ImagejSource:
    """The file of regions of each id, and where the images lie."""

    search: ImageSearch
    files: dict[str, Path]


def find(src: str | Path) -> tuple[ImagejSource, list[Entry]]:
    """List the files of regions in a folder and its subfolders.

    Parameters
    ----------
    src : str or Path
        The folder, or one file.

    Returns
    -------
    source : ImagejSource
        For `load`.
    entries : list of Entry
        One per file, sorted by path; named after the image.

    Raises
    ------
    DatasetError
        If there is none, or the library that reads them is not installed.
    """
    _roifile()
    src = Path(src)
    paths = annotation_files(src, [".zip", ".roi"])
    folder = src if src.is_dir() else src.parent
    names = [str(path.relative_to(folder).with_name(f"{_stem(path)}.roi")) for path in paths]
    files = dict(zip(image_ids(names), paths, strict=True))
    return ImagejSource(ImageSearch(folder), files), [Entry(id_) for id_ in files]


def load(source: ImagejSource, id_: str) -> Sample:
    """Read one image and paint its regions.

    Raises
    ------
    DatasetError
        If the regions are damaged, or there is no image of their name.
    ImageReadError
        If the image is damaged.
    """
    path = source.files[id_]
    with located(path):
        # Neither ImageJ nor Cellpose turns an image by its orientation tag.
        image = read_annotated(_image(source.search, path), None, usual="stored")
    layer = ShapeLayer(image.shape[:2])
    for name, data in _entries(path):
        with located(path, name):
            _add(layer, name, data)
    return Sample.from_shapes(image, layer)


def _roifile() -> Any:
    """Import the library that reads regions."""
    try:
        return importlib.import_module("roifile")
    except ImportError as error:
        cause = "reading ImageJ's regions needs the library roifile"
        raise DatasetError(cause, remedy=how_to_install("formats")) from error


def _stem(path: Path) -> str:
    """Name of the image, which a file of regions has before ``_rois`` or the like."""
    match = OF_IMAGE.match(path.stem)
    return match["stem"] if match else path.stem


def _image(search: ImageSearch, path: Path) -> Path:
    """Find the image; for ImageJ's own name RoiSet.zip, the only one beside it."""
    beside = [other for other in path.parent.iterdir() if has_image_suffix(other)]
    if path.stem.lower() == "roiset" and len(beside) == 1:
        return beside[0]
    stem = _stem(path)
    return search.named(stem, path.parent) if search.knows(stem) else search.of_stem(stem, path.parent)


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
    try:
        roi = _roifile().ImagejRoi.frombytes(data)
        kind, class_name = roi.roitype.name, f"group {roi.group}" if roi.group else None
        rings = _rings(roi) if kind in AREAS and roi.subtype.name != "TEXT" else None
        region = fill_border(rings[0]) if rings and len(rings) == 1 and not roi.composite else None
    except DatasetError:
        raise
    except Exception as error:  # roifile raises whatever a damaged field leads to
        raise DatasetError(f"damaged region ({error})", remedy=REMEDY) from error
    if rings is None:
        layer.notes[SKIPPED] += 1
    elif region is not None:
        layer.notes[OF_BORDERS] += 1
        mask, top, left = region
        layer.add_mask(name, mask, class_name, top=top, left=left)
    else:
        layer.add_polygon(name, [rings], class_name)


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
