"""labelme's json files, one per image, as labelme and as DKFZ's cell classification write them.

::

    SRC/**/<id>.json     imageData (the image, base64) or imagePath; shapes with label, shape_type and points

Shapes: `hooke.io.annotations.labelme`; overlaps: `hooke.labels.shape_layer`.

The label is the class. To train a classifier without some class, as DKFZ's authors do without
``PartiallydifferentiatedMSC``, let it be ignored (``--ignore``): the cell stays in the label image, for it is a cell
that must be found, and just has no class. To drop it (``--drop``) would teach the network that it is background.

https://github.com/wkentaro/labelme
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hooke.datasets.adapter import Sample
from hooke.datasets.adapters.annotated_image import Orientation, parse_orientation, read_annotated
from hooke.datasets.adapters.image_search import ImageSearch, annotation_files
from hooke.datasets.layout import Entry
from hooke.errors import DatasetError, HookeError
from hooke.io.annotations.json_fields import located
from hooke.io.annotations.labelme import LabelmeFile, read_labelme
from hooke.io.naming import image_ids

TAKES = "labelme: *.json with the image inside or beside; polygons, rectangles, circles, masks (DKFZ); label as class"


@dataclass(frozen=True)
class LabelmeSource:
    """The json of each id, where images are that are not in their json, and how those with a tag were annotated."""

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
        Option: how images with an orientation tag were annotated (`hooke.datasets.adapters.annotated_image`).

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
    annotations = read_labelme(path)
    with located(path):
        image = _image(annotations, source)
        annotations.check_size(image.shape[:2])
    return Sample.from_shapes(image, annotations.shapes(image.shape[:2]))


def _image(annotations: LabelmeFile, source: LabelmeSource) -> NDArray[np.generic]:
    """Read the image from the json, or the one that it names.

    labelme turns a file by its orientation tag as it opens it, a TIFF only in some of its versions, and writes images
    without a tag into its json: one that has it comes from another tool.
    """
    size, image_bytes = annotations.size, annotations.image_bytes
    if image_bytes is None:
        file = source.search.named(annotations.image_name, beside=annotations.path.parent)
        usual: Orientation | None = None if file.suffix.lower() in (".tif", ".tiff") else "shown"
        return read_annotated(file, size, source.orientation, usual=usual)
    return _decode_image(image_bytes, size, source.orientation)


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
