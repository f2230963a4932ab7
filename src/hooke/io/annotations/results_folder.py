"""Reads what a run wrote (label images, measurements) as planes for the formats of other programs."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hooke.errors import DatasetError
from hooke.image import Image
from hooke.io import find_images, open_image
from hooke.io.annotations.annotated_plane import AnnotatedPlane
from hooke.io.lazy_plane import LazyPlane
from hooke.io.naming import unique_names
from hooke.io.tables import OWN_TEXTS, read_table
from hooke.labels.labelled_image import LabelledImage

_REMEDY = "run the command again that made this folder"


@dataclass(frozen=True, eq=False)
class ResultsFolder:
    """The results of ``hooke segment``, ``hooke measure`` or ``hooke classify``.

    Parameters
    ----------
    path : Path
    """

    path: Path

    @cached_property
    def files(self) -> dict[str, Path]:
        """Label images by the name of their image."""
        if not (self.path / "labels").is_dir():
            return {}
        paths = find_images([self.path / "labels"], results=True)
        return dict(sorted(zip(unique_names(paths), paths, strict=True)))

    @property
    def measurements(self) -> Path:
        """Path of ``measurements.csv``.

        Raises
        ------
        DatasetError
            If it is missing.
        """
        path = self.path / "measurements.csv"
        if not path.is_file():
            raise DatasetError("holds no measurements.csv", path=self.path, remedy=_REMEDY)
        return path

    @cached_property
    def large_labels(self) -> dict[str, LazyPlane]:
        """Label images that were made in blocks, by the name of their image; read window by window."""
        opened = {name: open_image(path) for name, path in self.files.items()}
        return {name: LazyPlane(file) for name, file in opened.items() if len(file) == 1 and file.levels}

    @cached_property
    def table(self) -> pd.DataFrame:
        """``measurements.csv``.

        Raises
        ------
        DatasetError
            If it is missing or not such a table.
        """
        return read_table(self.measurements, ("image", "label"), ("class", "score"), texts=OWN_TEXTS, remedy=_REMEDY)

    @cached_property
    def image_files(self) -> dict[str, str]:
        """File name of each image, where ``summary.csv`` has it."""
        path = self.path / "summary.csv"
        if not path.is_file():
            return {}
        rows = read_table(path, ("image", "file"), remedy=_REMEDY)
        return {name: Path(file).name for name, file in zip(rows["image"], rows["file"], strict=True)}

    def planes(self, *, cells: bool = False, leave_out: Collection[str] = ()) -> Iterator[AnnotatedPlane]:
        """Read plane by plane.

        Parameters
        ----------
        cells : bool
            Where cytoplasm was measured, whether each object is the whole cell, with its nucleus.
        leave_out : collection of str
            Images to leave out.

        Raises
        ------
        HookeError
            If a label image can't be read.
        """
        rows = dict(iter(self.table.groupby("image", sort=False)))
        for name, path in self.files.items():
            if name in leave_out:
                continue
            file = open_image(path)
            rings = self.path / "cytoplasm" / path.name
            around = open_image(rings) if cells and rings.is_file() else None
            own = rows.get(name, self.table.iloc[:0])
            for place in range(len(file)):
                nuclei = file.plane(place)
                ring = None if around is None else around.plane(place)
                yield self._plane(name, nuclei, own, ring)

    def _plane(self, name: str, image: Image, rows: pd.DataFrame, ring: Image | None) -> AnnotatedPlane:
        """Take one plane with the rows of its objects."""
        labels: NDArray[np.int32] = image.pixels.astype(np.int32)
        position = {axis: at for axis, at in image.plane.items() if axis in rows}
        for axis, at in position.items():
            rows = rows[rows[axis] == at]
        ids = rows["label"].astype(int).tolist()
        facts = LabelledImage(
            labels,
            scores=dict(zip(ids, rows["score"].tolist(), strict=True)) if "score" in rows else {},
            classes={label: kind for label, kind in zip(ids, rows["class"], strict=True) if kind}
            if "class" in rows
            else {},
        )
        plane = AnnotatedPlane(
            name=name + "".join(f"_{axis}{at}" for axis, at in image.plane.items()),
            content=facts,
            table=rows.drop(columns=[column for column in rows if rows[column].isna().all()]),
            position=dict(image.plane),
            pixel_size_um=image.pixel_size_um,
            image_file=self.image_files.get(name, ""),
        )
        if ring is None:
            return plane
        whole = np.maximum(labels, ring.pixels.astype(np.int32))
        return replace(plane, content=replace(facts, labels=whole), nuclei=labels)
