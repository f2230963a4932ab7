"""Read and write label images in the Data Science Bowl 2018's csv of run lengths, which has one row per mask.

::

    ImageId,EncodedPixels[,Height,Width,...]
    0a7d,"3 2 9 1"        first pixel and length of each run, counted from 1 down the columns
    0b11,                 an image without objects
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hooke.errors import DatasetError, HookeError, OutputError
from hooke.io.annotations.annotated_plane import AnnotatedPlane
from hooke.io.annotations.json_fields import located
from hooke.io.atomic import atomic_path
from hooke.io.name_match import bare_name, match_names
from hooke.io.naming import image_ids
from hooke.io.tables import read_table
from hooke.labels.labelled_image import LabelledImage, LabelSource
from hooke.labels.painter import Mask, check_canvas
from hooke.labels.pieces import count_scattered
from hooke.labels.run_length import counted_along, decode_pairs, encode_objects

ALONG_ROWS = (
    "masks whose pixels are counted along the rows, and were read down the columns, as the competition counts them: "
    "encode the transposed masks"
)
SCATTERED = "masks in pieces, as where one row holds all objects of an image: give each object a row"
_ALL_IN_ONE = 3  # pieces of the only mask of an image, from which on it is reported
_COLUMNS = ("ImageId", "EncodedPixels")
_MOST_DIGITS = 9  # of a number of pixels
_REMEDY = (
    "give a csv of run lengths, with the columns ImageId and EncodedPixels (a table of measurements holds no outlines: "
    "give the folder that it is in)"
)


class DsbSource:
    """The images of one csv. Masks may overlap; a label image has no overlap: see `paint`."""

    def __init__(self, path: Path, truth: LabelSource | None = None) -> None:
        self.path = path
        table = _read_table(path)
        names = table["ImageId"].unique()
        meant = {} if truth is None else match_names(names, truth.names, path=path)
        image_names = {**_distinct_names(names), **meant}
        self.rows = {str(name): part for name, part in table.groupby(table["ImageId"].map(image_names), sort=True)}

    @property
    def names(self) -> list[str]:
        """Ids of the images, sorted."""
        return list(self.rows)

    def match(self, names: Collection[str]) -> None:
        """Call the images as others call them, where a spreadsheet has changed their names (`hooke.io.name_match`)."""
        meant = match_names(self.rows, names, path=self.path)
        self.rows = {meant.get(name, name): rows for name, rows in self.rows.items()}

    def __contains__(self, name: str) -> bool:
        """Whether the csv has an image of this id."""
        return name in self.rows

    def read(self, name: str, shape: tuple[int, ...] | None = None) -> LabelledImage:
        """Paint one image's masks, on the size in the csv, or else on `shape`."""
        rows = self.rows[name]
        size = self._stated_size(rows) or shape
        if size is None or len(size) != 2:
            remedy = "add the columns Height and Width, or give label images"
            raise DatasetError(f"no size for image {name}", path=self.path, remedy=remedy)
        height, width = size
        with located(self.path, f"image {name}"):
            check_canvas(size, self.path.stat().st_size)
        masks, along_rows = [], 0
        for line, code in rows["EncodedPixels"].items():
            with located(self.path, f"line {line}"):
                if code.strip():
                    masks.append(Mask.crop(decode_pairs(code, (height, width))))
                    along_rows += counted_along(code, (height, width)) == "C"
        image = LabelledImage.from_masks(masks, size)
        found = {ALONG_ROWS: along_rows} if along_rows else {SCATTERED: _count_in_pieces(image.labels, len(masks))}
        return replace(image, oddities={odd: count for odd, count in found.items() if count})

    def _stated_size(self, rows: pd.DataFrame) -> tuple[int, int] | None:
        if not {"Height", "Width"} <= set(rows.columns):
            return None
        height, width = rows["Height"].iloc[0], rows["Width"].iloc[0]
        if not all(side.isdecimal() and len(side) <= _MOST_DIGITS for side in (height, width)):
            cause = f"line {rows.index[0]}: size is {height[:20]!r} x {width[:20]!r}"
            raise DatasetError(cause, path=self.path, remedy="give pixels")
        return int(height), int(width)


@dataclass(frozen=True)
class Submission:
    """What was written.

    Parameters
    ----------
    path : Path
        The csv.
    objects : dict of str to int
        Number of objects by image.
    failed : dict of str to str
        Why an image is not in it, by name.
    oddities : dict of str to mapping of str to int
        What was odd about the label image of each, where something was.
    """

    path: Path
    objects: dict[str, int]
    failed: dict[str, str]
    oddities: dict[str, Mapping[str, int]] = field(default_factory=dict)


def write_dsb(source: LabelSource, path: str | Path) -> Submission:
    """Write label images as run lengths, read the file back, and compare every pixel.

    A label image gives each pixel to one object at most, so that no two masks overlap, as the competition's rules
    require.

    Parameters
    ----------
    source : LabelSource
        The label images.
    path : str or Path
        The csv; replaced if there. It appears under this name only when it was read back right.

    Returns
    -------
    Submission

    Raises
    ------
    DatasetError
        When there is no label image, or none that can be written.
    OutputError
        When the file can't be written, or what is read from it differs from the label images.
    """
    path = Path(path)
    objects: dict[str, int] = {}
    failed: dict[str, str] = {}
    oddities: dict[str, Mapping[str, int]] = {}
    with atomic_path(path) as part:
        with part.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(_COLUMNS)
            for name in source.names:
                try:
                    read = _read_plane(source, name)
                    rows = encode_objects(read.labels)
                except HookeError as error:
                    failed[name] = str(error)
                    continue
                objects[name] = len(rows)
                if read.oddities:
                    oddities[name] = read.oddities
                writer.writerows((name, code) for code in rows or [""])
        if not objects:
            raise DatasetError("no label image could be written", remedy=next(iter(failed.values())))
        _check(part, path, source, list(objects))
    return Submission(path, objects, failed, oddities)


def write_run_lengths(path: Path, planes: Iterable[AnnotatedPlane]) -> None:
    """Write the objects of one or many planes as run lengths, with the size of each plane.

    Raises
    ------
    OutputError
        If the file can't be written.
    """
    with atomic_path(path) as part, part.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow((*_COLUMNS, "Height", "Width"))
        for plane in planes:
            codes = encode_objects(plane.labels) or [""]
            writer.writerows((plane.name, code, *plane.labels.shape) for code in codes)


def _distinct_names(names: Iterable[str]) -> dict[str, str]:
    """Name images without folder and suffix, but those that would then share a name."""
    bare = {name: bare_name(name) for name in names}
    count = Counter(bare.values())
    shared = [name for name in bare if count[bare[name]] > 1]
    return {**bare, **dict(zip(shared, image_ids(shared), strict=True))}


def _count_in_pieces(labels: NDArray[np.int32], objects: int) -> int:
    """Count objects of pieces far apart; an only one also where these are near."""
    count = count_scattered(labels)
    if count or objects != 1:
        return count
    pieces, _ = cv2.connectedComponents((labels > 0).view(np.uint8), connectivity=8)
    return int(pieces > _ALL_IN_ONE)  # the background counts as one


def _read_table(path: Path) -> pd.DataFrame:
    """Read all as text, indexed by line."""
    table = read_table(path, _COLUMNS, ("Height", "Width"), remedy=_REMEDY)
    if table.empty:
        raise DatasetError("lists no image", path=path, remedy=_REMEDY)
    return table


def _read_plane(source: LabelSource, name: str) -> LabelledImage:
    read = source.read(name)
    if read.labels.ndim != 2:
        raise DatasetError(f"{name} is a stack", remedy="submit single images")
    return read


def _check(part: Path, path: Path, source: LabelSource, names: list[str]) -> None:
    """Read the file as an evaluation does, and hold every image against its labels."""
    written = DsbSource(part, source)
    for name in names:
        labels = _read_plane(source, name).labels
        ids, ranks = np.unique(np.append(labels.ravel(), 0), return_inverse=True)  # 0 comes first, even where it is not
        expected = ranks[:-1].reshape(labels.shape)
        if name not in written or not np.array_equal(written.read(name, labels.shape).labels, expected):
            cause = f"{len(ids) - 1} objects of image {name} read back differently"
            raise OutputError(cause, path=path, remedy="check the disk, and write it again")
