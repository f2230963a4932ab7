"""Defines what a file of annotations is written from: a label image, and what is known of its objects."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hooke.labels.colours import OUTLINE_COLOURS, class_colours
from hooke.labels.labelled_image import LabelledImage

#: Of every entry of a zip, so that equal objects give equal bytes.
STORED_TIME = (1980, 1, 1, 0, 0, 0)

#: Columns of measurements that say which object a row is of, not how it is.
NO_MEASUREMENTS = ("image", "label", "class", "t", "z", "c")


@dataclass(frozen=True, eq=False)
class AnnotatedPlane:
    """One plane and its objects.

    Parameters
    ----------
    name : str
        What the file is named after.
    content : LabelledImage
        Labels with scores and classes.
    table : DataFrame, optional
        Measurements: a row per object, with the column ``label``.
    position : mapping of str to int
        Place in the stack by axis, ``t``, ``z`` or ``c``, counted from 0; empty for a single image.
    pixel_size_um : (float, float), optional
        Height and width of a pixel.
    image_file : str
        File name of the image, where known.
    nuclei : ndarray of int32, shape (Y, X), optional
        The nucleus of each cell under the same label, where the objects are cells.
    """

    name: str
    content: LabelledImage
    table: pd.DataFrame | None = None
    position: Mapping[str, int] = field(default_factory=dict)
    pixel_size_um: tuple[float, float] | None = None
    image_file: str = ""
    nuclei: NDArray[np.int32] | None = None

    @property
    def labels(self) -> NDArray[np.int32]:
        """Label image, int32, shape (Y, X), 0 is background."""
        return self.content.labels

    @cached_property
    def ids(self) -> list[int]:
        """Labels of the objects, increasing."""
        found: list[int] = np.unique(self.labels[self.labels > 0]).tolist()
        return found

    def numbered(self, label: int) -> str:
        """Write a label with as many digits as all others of the plane, four at least, so that names sort by label."""
        return f"{label:0{max(4, len(str(self.ids[-1])))}d}"

    @cached_property
    def colours(self) -> dict[str, tuple[int, int, int]]:
        """Red, green and blue of each class."""
        return class_colours(self.content.classes.values())

    def colour(self, label: int) -> tuple[int, int, int]:
        """Colour of an object: that of its class where it has one."""
        name = self.content.classes.get(label)
        return OUTLINE_COLOURS[label % len(OUTLINE_COLOURS)] if name is None else self.colours[name]

    @cached_property
    def numbers(self) -> pd.DataFrame:
        """What is known of each object as a number, by label: its score as ``score``, and its measurements.

        Float64; NaN or infinite where an object has no such number.
        """
        scores = pd.Series(self.content.scores, name="score", dtype=np.float64)
        if self.table is None:
            return scores.to_frame()
        table = self.table.set_index("label").select_dtypes(include=["number", "bool"]).astype(np.float64)
        table = table.drop(columns=[name for name in NO_MEASUREMENTS if name in table])
        table = table[~table.index.duplicated(keep="last")]
        if scores.empty:
            return table
        table = table.reindex(table.index.union(scores.index))
        if "score" in table:
            scores = table.pop("score").where(np.isfinite).fillna(scores)
        table.insert(0, "score", scores)
        return table

    @cached_property
    def measurements(self) -> dict[int, dict[str, float]]:
        """The finite numbers that are known of each object."""
        names = [str(name) for name in self.numbers]
        rows = zip(self.numbers.index.tolist(), self.numbers.to_numpy().tolist(), strict=True)
        return {label: dict(_finite(names, row)) for label, row in rows}


def _finite(names: list[str], row: list[float]) -> Iterator[tuple[str, float]]:
    """Leave out what JSON and QuPath can't hold."""
    return ((name, value) for name, value in zip(names, row, strict=True) if -np.inf < value < np.inf)
