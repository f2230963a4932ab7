"""Label images from the Data Science Bowl 2018's csv of run lengths: a row a mask in, painted masks out.

::

    ImageId,EncodedPixels[,Height,Width,...]
    0a7d,"3 2 9 1"        first pixel and length of each run, counted from 1 down the columns
    0b11,                 an image without objects
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import pandas as pd

from hooke.errors import DatasetError
from hooke.io.annotations.json_fields import located
from hooke.io.name_match import bare_name, match_names
from hooke.io.tables import read_table
from hooke.labels.labelled_image import LabelledImage, LabelSource
from hooke.labels.painter import Mask, check_canvas
from hooke.labels.run_length import decode_pairs

__all__ = ["DsbSource"]

_COLUMNS = ("ImageId", "EncodedPixels")
_MOST_DIGITS = 9  # of a number of pixels
_REMEDY = "give a csv with the columns ImageId and EncodedPixels"


class DsbSource:
    """The images of one csv. Masks may overlap; a label image has no overlap: see `paint`."""

    def __init__(self, path: Path, truth: LabelSource | None = None) -> None:
        self.path = path
        table = _read_table(path)
        names = table["ImageId"].unique()
        meant = {} if truth is None else match_names(names, truth.names, path=path)
        called = {name: meant.get(name, bare_name(name)) for name in names}
        self.rows = {str(name): part for name, part in table.groupby(table["ImageId"].map(called), sort=True)}

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
        masks = []
        for line, code in rows["EncodedPixels"].items():
            with located(self.path, f"line {line}"):
                if code.strip():
                    masks.append(Mask.crop(decode_pairs(code, (height, width))))
        return LabelledImage.from_masks(masks, size)

    def _stated_size(self, rows: pd.DataFrame) -> tuple[int, int] | None:
        if not {"Height", "Width"} <= set(rows.columns):
            return None
        height, width = rows["Height"].iloc[0], rows["Width"].iloc[0]
        if not all(side.isdecimal() and len(side) <= _MOST_DIGITS for side in (height, width)):
            cause = f"line {rows.index[0]}: size is {height[:20]!r} x {width[:20]!r}"
            raise DatasetError(cause, path=self.path, remedy="give pixels")
        return int(height), int(width)


def _read_table(path: Path) -> pd.DataFrame:
    """Read all as text, indexed by line."""
    table = read_table(path, _COLUMNS, ("Height", "Width"), remedy=_REMEDY)
    if table.empty:
        raise DatasetError("lists no image", path=path, remedy=_REMEDY)
    return table
