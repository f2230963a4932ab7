"""Prepare a data set: a public layout in, the hooke layout out, one image at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hooke.datasets.adapter import Adapter, Sample, find_adapter, find_source
from hooke.datasets.layout import (
    INDEX_NAME,
    Entry,
    IndexRow,
    read_entries,
    read_index,
    read_sample,
    write_index,
    write_sample,
)
from hooke.errors import DatasetError, HookeError, ImageReadError

__all__ = ["Prepared", "Sample", "guess_modality", "prepare_dataset", "random_split"]

VAL_SHARE, TEST_SHARE = 0.1, 0.2
DARK = 90  # median of 255: below it the background is dark
COLOURED = 8  # mean difference between the highest and the lowest of red, green, blue, of 255: above it is a stain


@dataclass
class Prepared:
    """What became of the images of the source, by id.

    Attributes
    ----------
    written, kept : list of str
        Made now; already there from an earlier run.
    left_out : list of str
        Not in the index that the splits are taken from.
    failed : dict of str to HookeError
        Why an image could not be prepared.
    oddities : dict of str to dict of str to int
        What was odd about the images written: for each oddity, in which images, and how many there.
    """

    written: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    failed: dict[str, HookeError] = field(default_factory=dict)
    oddities: dict[str, dict[str, int]] = field(default_factory=dict)


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
        The adapter.
    src, dst : str or Path
        The public data set, and the folder to make.
    split_from : str or Path, optional
        An ``index.csv`` (or its folder) to take split, modality and field of view from; images that it does not list
        are left out. What neither it nor the source states is filled in: the split is drawn at random
        (`random_split`), the modality guessed (`guess_modality`), and an image taken for a field of view of its own.
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
    adapter = find_adapter(name)
    root, found = find_source(adapter, src, {})
    ids = [entry.id for entry in found]
    listed = None if split_from is None else {entry.id: entry for entry in read_entries(split_from)}
    drawn = random_split(ids, seed)
    rows = _rows_already_there(Path(dst), ids)
    wanted = found if listed is None else [listed[entry.id].completed(entry) for entry in found if entry.id in listed]
    report = Prepared(left_out=[id_ for id_ in ids if listed is not None and id_ not in listed])
    for done, entry in enumerate(wanted, start=1):
        try:
            sample = None if overwrite else _existing(Path(dst), entry.id, report)
            sample = sample or _make(adapter, root, Path(dst), entry.id, report)
            rows.append(_index_row(entry, sample, drawn[entry.id]))
        except (DatasetError, ImageReadError) as error:
            report.failed[entry.id] = error
        if progress is not None:
            progress(done, len(wanted))
    if report.written or report.kept:
        write_index(dst, rows)
    return report


def _rows_already_there(dst: Path, ids: Sequence[str]) -> list[IndexRow]:
    """Read the rows of the index that belong to images of other sources."""
    if not (dst / INDEX_NAME).exists():
        return []
    ours = set(ids)
    return [row for row in read_index(dst) if row.id not in ours]


def _existing(dst: Path, id_: str, report: Prepared) -> Sample | None:
    """Read a sample that an earlier run has made; None where there is none, or none that is whole."""
    try:
        image, labels = read_sample(dst, id_)
    except (DatasetError, ImageReadError):
        return None
    report.kept.append(id_)
    return Sample(image, labels)


def _make(adapter: Adapter, root: Any, dst: Path, id_: str, report: Prepared) -> Sample:
    """Read a sample from the source and write it."""
    sample = adapter.load(root, id_)
    write_sample(dst, id_, sample.image, sample.labels)
    report.written.append(id_)
    for oddity, count in sample.oddities.items():
        if count:
            report.oddities.setdefault(oddity, {})[id_] = count
    return sample


def _index_row(entry: Entry, sample: Sample, drawn: str) -> IndexRow:
    """Describe a sample: as stated, or by default."""
    height, width = sample.labels.shape
    return IndexRow(
        id=entry.id,
        split=entry.split or drawn,
        modality=entry.modality or guess_modality(sample.image),
        field_of_view=entry.field_of_view or entry.id,
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


def guess_modality(image: NDArray[np.generic]) -> str:
    """Guess from colour and background: coloured is histology; grey on dark fluorescence, on light brightfield.

    Fluorescence stored as a blue or green picture has a dark background too, and is told apart from a stain by it.
    More than 8 bits are rarely used to the full: there, an image's own brightest pixels stand for white.
    """
    values = np.asarray(image, np.float32)
    if image.dtype != np.uint8:
        values = values * np.float32(255 / max(float(np.nanpercentile(values, 99.9)), 1e-9))
    if float(np.nanmedian(values)) < DARK:
        return "fluorescence"
    coloured = image.ndim == 3 and float(np.nanmean(np.ptp(values, axis=2))) > COLOURED
    return "histology" if coloured else "brightfield"
