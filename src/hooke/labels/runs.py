"""Cuts label images into runs: stretches of pixels of one label."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from hooke.labels.bands import map_bands

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_SPECK = 2.0  # pixels of a run, on average


@dataclass(frozen=True, eq=False)
class Runs:
    """All runs of the objects of an image, top to bottom and left to right; each lies in one row.

    Parameters
    ----------
    ids : ndarray of int64, shape (N,)
        The labels, increasing.
    index : ndarray of int64, shape (R,)
        For each run, the position of its label in `ids`.
    row, start, stop : ndarray of int64, shape (R,)
        Row, first column, and column after the last.
    """

    ids: Ints
    index: Ints
    row: Ints
    start: Ints
    stop: Ints

    @property
    def length(self) -> Ints:
        """Pixels in each run."""
        return self.stop - self.start

    @cached_property
    def boxes(self) -> Ints:
        """Top, left, bottom and right of each object, half-open, shape (4, N)."""
        far = np.iinfo(np.int64).max
        return np.stack(
            [
                self.extreme(np.minimum, self.row, far),
                self.extreme(np.minimum, self.start, far),
                self.extreme(np.maximum, self.row, -1) + 1,
                self.extreme(np.maximum, self.stop, -1),
            ]
        ).astype(np.int64)

    def at_border(self, shape: tuple[int, ...]) -> NDArray[np.bool_]:
        """Whether each object reaches the edge of the image, of this height and width."""
        top, left, bottom, right = self.boxes
        return np.asarray((top == 0) | (left == 0) | (bottom == shape[0]) | (right == shape[1]))

    @property
    def are_specks(self) -> bool:
        """Whether runs are hardly longer than a pixel, as in images of intensities; those of objects are longer."""
        return len(self.length) > 0 and float(self.length.mean()) < _SPECK

    @property
    def sums(self) -> tuple[Floats, Floats]:
        """Sums of the rows, and of the columns, of each object's pixels."""
        return self.sum(self.row * self.length), self.sum((self.start + self.stop - 1) * self.length) / 2

    @cached_property
    def by_object(self) -> tuple[Ints, Ints]:
        """The runs' places sorted by object, and where each object's begin in these; one more at the end."""
        order = sorted_places(self.index)
        counts = np.bincount(self.index, minlength=len(self.ids))
        return order, np.concatenate([[0], np.cumsum(counts)])

    def sum(self, per_run: NDArray[np.generic]) -> Floats:
        """Add up a quantity of the runs over each object; exact for integers below 2**53."""
        return np.bincount(self.index, weights=per_run, minlength=len(self.ids)).astype(np.float64, copy=False)

    def extreme(self, ufunc: np.ufunc, per_run: NDArray[np.generic], start: float) -> NDArray[np.generic]:
        """Take the least or the greatest (`ufunc`) of a quantity of the runs over each object."""
        best = np.full(len(self.ids), start, per_run.dtype)
        ufunc.at(best, self.index, per_run)
        return best


def find_runs(labels: NDArray[np.integer], threads: int = 1) -> Runs:
    """Cut the rows of a label image wherever the label changes.

    Parameters
    ----------
    labels : ndarray of integer, shape (Y, X)
        0 is background, every other value one object, in however many pieces.
    threads : int
    """
    if labels.shape[1] == 0:
        return join_runs([])
    return join_runs(list(map_bands(lambda band: cut_rows(labels[band], band.start), labels, threads)))


def cut_rows(part: NDArray[np.integer], top: int) -> tuple[Ints, Ints, Ints, Ints]:
    """Cut some rows wherever the label changes; give label, row, start and stop of each run that is not background.

    Parameters
    ----------
    part : ndarray of integer, shape (Y, X)
    top : int
        Row of the image in which the part begins.
    """
    part = np.ascontiguousarray(part)
    changes = np.ones(part.shape, np.bool_)
    np.not_equal(part[:, 1:], part[:, :-1], out=changes[:, 1:])
    starts = np.flatnonzero(changes)
    lengths = np.diff(starts, append=part.size)
    values = part.ravel()[starts]
    keep = values > 0
    starts, lengths = starts[keep], lengths[keep]
    row, start = np.divmod(starts, part.shape[1])
    return values[keep].astype(np.int64), row + top, start, start + lengths


def join_runs(parts: Sequence[tuple[Ints, Ints, Ints, Ints]], ids: Ints | None = None) -> Runs:
    """Join what `cut_rows` gave of parts that follow each other.

    Parameters
    ----------
    parts : sequence of tuple
    ids : ndarray of int64, optional
        The labels, increasing, where some may have no run.
    """
    values, row, start, stop = (np.concatenate(pieces) for pieces in zip(*parts, strict=True)) if parts else _NO_RUNS
    if ids is not None:
        return Runs(ids, places_of(values, ids), row, start, stop)
    ids = np.unique(values)
    return Runs(ids, places_of(values, ids), row, start, stop)


def places_of(values: NDArray[np.integer], ids: Ints) -> Ints:
    """Place of each value among the labels, all of which are there; at once where these are numbered without gaps.

    Examples
    --------
    >>> places_of(np.array([9, 4, 9]), np.array([4, 9])).tolist()
    [1, 0, 1]
    """
    if len(ids) and ids[-1] - ids[0] + 1 == len(ids):
        return np.asarray(values.astype(np.int64) - ids[0])
    return np.asarray(np.searchsorted(ids, values))


def sorted_places(numbers: Ints) -> Ints:
    """Places of numbers from 0 below 2**31 in increasing order, equal ones as they come: a fast stable `numpy.argsort`.

    Examples
    --------
    >>> sorted_places(np.array([7, 3, 7, 0])).tolist()
    [3, 1, 0, 2]
    """
    # Sorting numbers with their places in the lower bits takes a quarter of the time of sorting places.
    both = numbers << 32
    both |= np.arange(len(numbers))
    both.sort()
    both &= 2**32 - 1
    return both


def run_starts(*flat: NDArray[np.integer] | NDArray[np.bool_]) -> Ints:
    """Cut flat label images of equal length wherever one of them changes; give the first pixel of each run.

    Examples
    --------
    >>> run_starts(np.array([0, 0, 7, 7, 7]), np.array([3, 3, 3, 3, 0])).tolist()
    [0, 2, 4]
    """
    if not flat[0].size:
        return np.zeros(0, np.int64)
    changes = np.ones(flat[0].size, np.bool_)
    np.not_equal(flat[0][1:], flat[0][:-1], out=changes[1:])
    for labels in flat[1:]:
        changes[1:] |= labels[1:] != labels[:-1]
    return np.flatnonzero(changes)


_NO_RUNS = (np.zeros(0, np.int64),) * 4
