"""Defines what a file of annotations is written from: a label image, and what is known of its objects."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

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
    def measurements(self) -> dict[int, dict[str, float]]:
        """Finite numbers known of each object: its measurements, and its score as ``score``."""
        scores = {label: {"score": float(score)} for label, score in self.content.scores.items()}
        if self.table is None:
            return scores
        numbers = self.table.drop(columns=[name for name in NO_MEASUREMENTS if name in self.table])
        numbers = numbers.select_dtypes(include=["number", "bool"]).astype(np.float64)
        names = list(numbers.columns)
        rows = zip(self.table["label"].tolist(), numbers.to_numpy().tolist(), strict=True)
        return {label: scores.get(label, {}) | dict(_finite(names, row)) for label, row in rows}


def _finite(names: list[Any], row: list[float]) -> Iterator[tuple[str, float]]:
    """Leave out what JSON and QuPath can't hold."""
    return ((str(name), value) for name, value in zip(names, row, strict=True) if -np.inf < value < np.inf)
