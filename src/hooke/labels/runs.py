"""Cuts label images into runs: stretches of pixels of one label."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from hooke.labels.bands import bands

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


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

    def sum(self, per_run: NDArray[np.generic]) -> Floats:
        """Add up a quantity of the runs over each object; exact for integers below 2**53."""
        return np.bincount(self.index, weights=per_run, minlength=len(self.ids)).astype(np.float64, copy=False)

    def extreme(self, ufunc: np.ufunc, per_run: NDArray[np.generic], start: float) -> NDArray[np.generic]:
        """Take the least or the greatest (`ufunc`) of a quantity of the runs over each object."""
        best = np.full(len(self.ids), start, per_run.dtype)
        ufunc.at(best, self.index, per_run)
        return best


def find_runs(labels: NDArray[np.integer]) -> Runs:
    """Cut the rows of a label image wherever the label changes.

    Parameters
    ----------
    labels : ndarray of integer, shape (Y, X)
        0 is background, every other value one object, in however many pieces.
    """
    width = labels.shape[1]
    found: list[tuple[Ints, Ints, Ints, Ints]] = []
    for band in bands(labels):
        if width == 0:
            break
        part = np.ascontiguousarray(labels[band])
        changes = np.ones(part.shape, np.bool_)
        np.not_equal(part[:, 1:], part[:, :-1], out=changes[:, 1:])
        starts = np.flatnonzero(changes)
        lengths = np.diff(starts, append=part.size)
        values = part.ravel()[starts]
        keep = values > 0
        starts, lengths = starts[keep], lengths[keep]
        row, start = np.divmod(starts, width)
        found.append((values[keep].astype(np.int64), row + band.start, start, start + lengths))
    values, row, start, stop = (np.concatenate(pieces) for pieces in zip(*found, strict=True)) if found else _NO_RUNS
    ids, index = np.unique(values, return_inverse=True)
    return Runs(ids, index, row, start, stop)


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
