"""Read detected points of each image from a csv, or take them from label images."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hooke.errors import DatasetError
from hooke.evaluation.object_facts import read_probabilities
from hooke.evaluation.paired_source import pair_source
from hooke.evaluation.sources import open_labels
from hooke.io.name_match import matched
from hooke.io.tables import TABLE_SUFFIXES, read_header, read_table
from hooke.labels.labelled_image import LabelSource
from hooke.labels.objects import find_objects
from hooke.metrics import inner_points

_COORDINATES = (("y", "x"), ("centroid_y", "centroid_x"))
_REMEDY = "give the columns image, y and x"


@dataclass(frozen=True, eq=False)
class Points:
    """Points of one image, highest score first if scores are known.

    Parameters
    ----------
    places : ndarray of float64, shape (P, 2)
        (y, x) in pixels.
    classes : sequence of str
        Class of each, empty text where unknown; or nothing.
    probabilities : sequence of mapping of str to float
        Probability of each class, empty where unknown; or nothing.
    oddities : mapping of str to int
        As of the `LabelledImage` that they come from.
    """

    places: NDArray[np.float64]
    classes: Sequence[str] = ()
    probabilities: Sequence[Mapping[str, float]] = ()
    oddities: Mapping[str, int] = field(default_factory=dict)


NO_POINTS = Points(np.zeros((0, 2)))


class PointSource(Protocol):
    """Points by image."""

    notes: Sequence[str]

    @property
    def names(self) -> list[str]:
        """Images that have points."""

    def read(self, name: str, shape: tuple[int, ...]) -> Points:
        """Points of one image of that shape; none where it has none."""


class PointTable:
    """Points of a csv file, whose names of images are matched with those given (`hooke.io.name_match`)."""

    notes: Sequence[str] = ()

    def __init__(self, path: Path, images: Collection[str]) -> None:
        table = _read_table(path)
        table["image"] = matched(table["image"], images, path=path)
        if "score" in table:
            table = table.sort_values("score", ascending=False, kind="stable")
        self.parts = {str(name): part for name, part in table.groupby("image")}

    @property
    def names(self) -> list[str]:
        """Images that have points, sorted."""
        return list(self.parts)

    def read(self, name: str, shape: tuple[int, ...]) -> Points:
        """Points of one image; an image that the table does not name has none."""
        if name not in self.parts:
            return NO_POINTS
        part = self.parts[name]
        classes = part["class"].tolist() if "class" in part else []
        return Points(part[["y", "x"]].to_numpy(np.float64), classes, read_probabilities(part))


class PointsInLabels:
    """A point in each object of label images, which are paired with those given by name."""

    def __init__(self, source: LabelSource, images: Collection[str], path: Path) -> None:
        self.source, notes = pair_source(source, images, path)
        self.notes: Sequence[str] = notes

    @property
    def names(self) -> list[str]:
        """Names of the label images."""
        return self.source.names

    def read(self, name: str, shape: tuple[int, ...]) -> Points:
        """Read one label image; objects with the highest scores come first."""
        if name not in self.source:
            raise DatasetError("no prediction", remedy="predict this image too")
        image = self.source.read(name, shape)
        if image.labels.shape != shape:
            cause = f"is {image.labels.shape} pixels but the truth {shape}"
            raise DatasetError(cause, path=name, remedy="predict on the image at its own size")
        objects = find_objects(image.labels)
        ids = objects.ids.tolist()
        order = sorted(range(len(ids)), key=lambda place: -image.scores.get(ids[place], 0))
        classes = [image.classes.get(ids[place], "") for place in order] if image.classes else []
        probabilities = [image.probabilities.get(ids[place], {}) for place in order]
        return Points(inner_points(image.labels, objects)[order], classes, probabilities, image.oddities)


def open_points(path: str | Path, truth: LabelSource, split_components: bool | None = None) -> PointSource:
    """Open a csv of points, or label images.

    Parameters
    ----------
    path : str or Path
        See `hooke.evaluation.evaluate_points`. Of a folder without label images, as ``hooke classify`` writes for
        points, its ``measurements.csv``.
    truth : LabelSource
        What the points will be compared with.
    split_components : bool, optional
        Of label images in a folder: see `hooke.io.annotations.label_files`.

    Raises
    ------
    DatasetError
        When it is neither.
    """
    path = Path(path)
    if not (path / "labels").is_dir() and (path / "measurements.csv").is_file():
        path = path / "measurements.csv"
    if (
        path.is_file()
        and path.suffix.lower() in TABLE_SUFFIXES
        and "EncodedPixels" not in read_header(path, ["EncodedPixels"])
    ):
        return PointTable(path, truth.names)
    return PointsInLabels(open_labels(path, truth, split_components), truth.names, path)


def _read_table(path: Path) -> pd.DataFrame:
    """Read the table, its coordinates named y and x."""
    known = ("image", "score", "class", *itertools.chain(*_COORDINATES))
    table = read_table(path, optional=known, texts=("image", "class"), remedy=_REMEDY)
    pair = next((pair for pair in _COORDINATES if {*pair} <= {*table.columns}), None)
    if "image" not in table or pair is None:
        raise DatasetError("is not a table of points", path=path, remedy=_REMEDY)
    table = table.rename(columns=dict(zip(pair, ("y", "x"), strict=True)))
    for name in ("y", "x"):
        numbers = pd.to_numeric(table[name], errors="coerce")
        bad = np.flatnonzero(~np.isfinite(numbers))
        if len(bad):
            value = table[name].iloc[bad[0]]
            cause = f"line {table.index[bad[0]]}: {name} is {'empty' if pd.isna(value) or value == '' else repr(value)}"
            raise DatasetError(cause, path=path, remedy="give numbers of pixels")
        table[name] = numbers
    return table
