"""Prepare a data set: a public layout in, the hooke layout out, one image at a time.

A public layout is an adapter: a module of this folder with ``find_ids(src) -> (root, ids)`` and
``load(root, id) -> Sample``; it is named in `ADAPTERS`.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, cast

import numpy as np
from numpy.typing import NDArray

from hooke.datasets.layout import (
    INDEX_NAME,
    IndexRow,
    find_labels,
    image_path,
    read_index,
    read_sample,
    write_index,
    write_sample,
)
from hooke.errors import DatasetError

__all__ = ["ADAPTERS", "Adapter", "Prepared", "Sample", "guess_modality", "prepare_dataset", "random_split"]

ADAPTERS = {
    "dsb2018": "Data Science Bowl 2018 (BBBC038), Kaggle's stage1_train: one folder per image, a mask a nucleus"
}

VAL_SHARE, TEST_SHARE = 0.1, 0.2
COLOURED = 8  # mean difference between the highest and the lowest of red, green, blue, of 255: above it is a stain


@dataclass(frozen=True)
class Sample:
    """One image, its labels and what was odd about them.

    Attributes
    ----------
    image : ndarray, uint8, shape (Y, X) or (Y, X, 3)
        Grey or RGB.
    labels : ndarray, int32, shape (Y, X)
        0 background, 1..n.
    overlapping_pixels : int
        Pixels that the source gives to more than one nucleus.
    dropped_masks : int
        Nuclei of the source without a pixel of their own.
    """

    image: NDArray[np.uint8]
    labels: NDArray[np.int32]
    overlapping_pixels: int = 0
    dropped_masks: int = 0


class Adapter(Protocol):
    """What a module of a public layout offers."""

    def find_ids(self, src: str | Path) -> tuple[Path, list[str]]:
        """Find the root of the data and the ids of its images."""

    def load(self, root: Path, id_: str) -> Sample:
        """Read one image and its labels."""


@dataclass
class Prepared:
    """What became of the images of the source, by id.

    Attributes
    ----------
    written, kept : list of str
        Made now; already there from an earlier run.
    left_out : list of str
        Not in the index that the splits are taken from.
    failed : dict of str to DatasetError
        Why an image could not be prepared.
    overlapping : dict of str to int
        Pixels in more than one mask, where there are any, of those written.
    dropped : dict of str to int
        Masks without a pixel of their own, where there are any, of those written.
    """

    written: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    failed: dict[str, DatasetError] = field(default_factory=dict)
    overlapping: dict[str, int] = field(default_factory=dict)
    dropped: dict[str, int] = field(default_factory=dict)


def prepare_dataset(
    name: str,
    src: str | Path,
    dst: str | Path,
    *,
    split_from: str | Path | None = None,
    seed: int = 0,
    overwrite: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> Prepared:
    """Turn a public data set into a hooke data set.

    Images that are already there are kept, so that a stopped run goes on where it was. An image that can't be read is
    reported and the rest go on. Rows of the index for images of other sources are kept.

    Parameters
    ----------
    name : str
        The adapter: a key of `ADAPTERS`.
    src, dst : str or Path
        The public data set, and the folder to make.
    split_from : str or Path, optional
        An ``index.csv`` (or its folder) to take split, modality and field of view from; images that it does not list
        are left out. Without it the split is drawn at random (`random_split`), the modality guessed
        (`guess_modality`), and every image taken for a field of view of its own.
    seed : int
        Of the random split.
    overwrite : bool
        Make again what is already there.
    progress : callable, optional
        Called with the number of images done and the number of all.

    Returns
    -------
    Prepared
        What was done.

    Raises
    ------
    DatasetError
        If the adapter is unknown, or the source or the index to take splits from is not what it should be.
    OutputError
        If `dst` can't be written.
    """
    adapter = _find_adapter(name)
    root, ids = adapter.find_ids(src)
    listed = {row.id: row for row in read_index(split_from)} if split_from is not None else None
    drawn = random_split(ids, seed)
    rows = _rows_already_there(Path(dst), ids)
    report = Prepared(left_out=[id_ for id_ in ids if listed is not None and id_ not in listed])
    wanted = [id_ for id_ in ids if listed is None or id_ in listed]
    for done, id_ in enumerate(wanted, start=1):
        try:
            sample = _existing(Path(dst), id_, overwrite, report) or _make(adapter, root, Path(dst), id_, report)
            rows.append(_index_row(id_, sample, listed[id_] if listed is not None else None, drawn[id_]))
        except DatasetError as error:
            report.failed[id_] = error
        if progress is not None:
            progress(done, len(wanted))
    if report.written or report.kept:
        write_index(dst, rows)
    return report


def _find_adapter(name: str) -> Adapter:
    """Import the module of an adapter."""
    if name not in ADAPTERS:
        raise DatasetError(f"no adapter {name!r}", remedy=f"choose one of: {', '.join(ADAPTERS)}")
    return cast("Adapter", importlib.import_module(f"hooke.datasets.{name}"))


def _rows_already_there(dst: Path, ids: Sequence[str]) -> list[IndexRow]:
    """Read the rows of the index that belong to images of other sources."""
    if not (dst / INDEX_NAME).exists():
        return []
    ours = set(ids)
    return [row for row in read_index(dst) if row.id not in ours]


def _existing(dst: Path, id_: str, overwrite: bool, report: Prepared) -> Sample | None:
    """Read a sample that an earlier run has made; None where there is none, or none that is whole."""
    if overwrite or find_labels(dst, id_) is None or not image_path(dst, id_).is_file():
        return None
    try:
        image, labels = read_sample(dst, id_)
    except DatasetError:
        return None
    report.kept.append(id_)
    return Sample(image.astype(np.uint8, copy=False), labels)


def _make(adapter: Adapter, root: Path, dst: Path, id_: str, report: Prepared) -> Sample:
    """Read a sample from the source and write it."""
    sample = adapter.load(root, id_)
    write_sample(dst, id_, sample.image, sample.labels)
    report.written.append(id_)
    if sample.overlapping_pixels:
        report.overlapping[id_] = sample.overlapping_pixels
    if sample.dropped_masks:
        report.dropped[id_] = sample.dropped_masks
    return sample


def _index_row(id_: str, sample: Sample, listed: IndexRow | None, drawn: str) -> IndexRow:
    """Describe a sample: as listed, or by default."""
    height, width = sample.labels.shape
    return IndexRow(
        id=id_,
        split=drawn if listed is None else listed.split,
        modality=guess_modality(sample.image) if listed is None else listed.modality,
        field_of_view=id_ if listed is None else listed.field_of_view,
        height=height,
        width=width,
        nuclei=int(sample.labels.max(initial=0)),
    )


def random_split(ids: Sequence[str], seed: int) -> dict[str, str]:
    """Draw 70 % train, 10 % val, 20 % test.

    Images of one field of view may fall into different splits: where fields are known, give an index instead.

    Examples
    --------
    >>> from collections import Counter
    >>> sorted(Counter(random_split([str(i) for i in range(10)], seed=0).values()).items())
    [('test', 2), ('train', 7), ('val', 1)]
    """
    order = np.random.default_rng(seed).permutation(len(ids))
    test = round(TEST_SHARE * len(ids))
    val = round(VAL_SHARE * len(ids))
    ordered = sorted(ids)
    splits = ["test"] * test + ["val"] * val + ["train"] * (len(ids) - test - val)
    return {ordered[place]: split for place, split in zip(order, splits, strict=True)}


def guess_modality(image: NDArray[np.uint8]) -> str:
    """Guess from colour and background: coloured is histology; grey on dark fluorescence, on light brightfield.

    Fluorescence stored as a blue or green picture has a dark background too, and is told apart from a stain by it.
    """
    background = float(np.median(image))
    if background < 90:
        return "fluorescence"
    coloured = image.ndim == 3 and float(np.mean(np.ptp(image, axis=2))) > COLOURED
    return "histology" if coloured else "brightfield"
