"""Label images as a Data Science Bowl 2018 submission: a folder in, a csv of run lengths out, checked by reading it.

::

    ImageId,EncodedPixels
    0a7d,3 2 9 1          first pixel and length of each run, counted from 1 down the columns; a row an object
    0b11,                 an image without objects

A label image gives each pixel to one object at most, so that no two masks overlap, as the rules ask.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hooke.errors import DatasetError, HookeError, OutputError
from hooke.evaluation.dsb_csv import DsbSource
from hooke.evaluation.sources import open_labels
from hooke.io import atomic_path
from hooke.labels.labelled_image import LabelSource
from hooke.labels.run_length import encode_objects

__all__ = ["Submission", "write_submission"]

HEADER = ("ImageId", "EncodedPixels")


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
    """

    path: Path
    objects: dict[str, int]
    failed: dict[str, str]


def write_submission(pred: str | Path, path: str | Path) -> Submission:
    """Write predictions as a submission, read it back, and compare every pixel.

    Parameters
    ----------
    pred : str or Path
        A folder of label images, what ``hooke segment`` wrote, or another source that `open_labels` takes.
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
    source, path = open_labels(pred), Path(path)
    objects: dict[str, int] = {}
    failed: dict[str, str] = {}
    with atomic_path(path) as part:
        with part.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(HEADER)
            for name in source.names:
                try:
                    rows = encode_objects(_read_plane(source, name))
                except HookeError as error:
                    failed[name] = str(error)
                    continue
                objects[name] = len(rows)
                writer.writerows((name, code) for code in rows or [""])
        if not objects:
            raise DatasetError("no label image could be written", path=Path(pred), remedy=next(iter(failed.values())))
        _check(part, path, source, list(objects))
    return Submission(path, objects, failed)


def _read_plane(source: LabelSource, name: str) -> NDArray[np.int32]:
    labels = source.read(name).labels
    if labels.ndim != 2:
        raise DatasetError(f"{name} is a stack", remedy="submit single images")
    return labels


def _check(part: Path, path: Path, source: LabelSource, names: list[str]) -> None:
    """Read the file as an evaluation does, and hold every image against its labels."""
    written = DsbSource(part)
    for name in names:
        labels = _read_plane(source, name)
        ids, ranks = np.unique(np.append(labels.ravel(), 0), return_inverse=True)  # 0 comes first, even where it is not
        expected = ranks[:-1].reshape(labels.shape)
        if name not in written or not np.array_equal(written.read(name, labels.shape).labels, expected):
            cause = f"{len(ids) - 1} objects of image {name} read back differently"
            raise OutputError(cause, path=path, remedy="check the disk, and write it again")
