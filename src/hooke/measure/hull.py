"""Finds the pixels in the convex hull of every object."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hooke.labels.runs import Runs

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class ConvexImages:
    """The pixels in each object's convex hull, row by row; the rows of all objects are end to end.

    Parameters
    ----------
    offset : ndarray of int64, shape (objects + 1,)
        Where the rows of each object begin.
    left, right : ndarray of int64, shape (rows,)
        First and last pixel of each row, as columns of the image.
    start : ndarray of int64, shape (rows,)
        First column of the object.
    widths : ndarray of int64, shape (objects,)
    """

    offset: Ints
    left: Ints
    right: Ints
    start: Ints
    widths: Ints

    def __len__(self) -> int:
        return len(self.offset) - 1

    @property
    def heights(self) -> Ints:
        """Rows of each object."""
        return np.diff(self.offset)

    @property
    def areas(self) -> Floats:
        """Pixels of each object's convex image."""
        inside = np.maximum(self.right - self.left + 1, 0).astype(np.float64)
        return np.asarray(np.add.reduceat(inside, self.offset[:-1])) if len(self) else np.zeros(0)

    def rows(self, objects: Ints) -> Ints:
        """Places of the rows of some objects, in their order."""
        sizes = self.heights[objects]
        opening = np.cumsum(sizes) - sizes
        return np.repeat(self.offset[objects] - opening, sizes) + np.arange(sizes.sum())


def convex_images(runs: Runs) -> ConvexImages:
    """Find the pixels in each object's convex hull, where a pixel is a diamond of height and width 1.

    The hull of the pixels' centres is found first and its extent read in each row. That of the diamonds follows: a
    diamond adds half a pixel sideways, and reaches half a row up and down.
    """
    heights = runs.boxes[2] - runs.boxes[0]
    offset = np.concatenate([[0], np.cumsum(heights)])
    least, greatest = _hull_extents(runs, offset)
    first, last = offset[:-1], offset[1:] - 1
    least, greatest = _widen(least, first, last), -_widen(-greatest, first, last)
    # The extents are ratios of small integers: a billionth decides which side of a pixel's centre they are meant to be.
    left, right = np.ceil(least - 1e-9).astype(np.int64), np.floor(greatest + 1e-9).astype(np.int64)
    return ConvexImages(offset, left, right, np.repeat(runs.boxes[1], heights), runs.boxes[3] - runs.boxes[1])


def _widen(extent: Floats, first: Ints, last: Ints) -> Floats:
    """Move the left extent of the centres' hull to that of the diamonds' hull."""
    middle = (extent[1:] + extent[:-1]) / 2
    above, below = np.append(np.inf, middle), np.append(middle, np.inf)
    above[first], below[last] = np.inf, np.inf  # the neighbour in the array belongs to another object
    return np.asarray(np.minimum(np.minimum(above, below), extent - 0.5))


def _hull_extents(runs: Runs, offset: Ints) -> tuple[Floats, Floats]:
    """Return the least and the greatest x of the centres' hulls in every row of every object, end to end."""
    slot = offset[runs.index] + runs.row - runs.boxes[0, runs.index]
    left, right = np.full(offset[-1], np.iinfo(np.int64).max), np.full(offset[-1], -1)
    np.minimum.at(left, slot, runs.start)
    np.maximum.at(right, slot, runs.stop - 1)
    rows = np.flatnonzero(right >= 0)  # an object in pieces may have empty rows
    owner = np.repeat(np.arange(len(offset) - 1), np.diff(offset))[rows]
    return _side(left[rows], rows, owner, len(left)), -_side(-right[rows], rows, owner, len(left))


def _side(x: Ints, rows: Ints, owner: Ints, count: int) -> Floats:
    """Read the left side of the hulls in each of all rows, of which only some have a pixel."""
    corners = np.flatnonzero(left_corners(x, rows, owner))
    at, x = rows[corners], x[corners]
    # Each row lies between two corners of its object, whose first and last row have a pixel.
    before = np.cumsum(np.bincount(at, minlength=count)) - 1
    after = np.minimum(before + 1, len(at) - 1)
    step = np.arange(count) - at[before]
    along = step / np.maximum(at[after] - at[before], 1)
    return np.asarray(x[before] + (x[after] - x[before]) * along)


def left_corners(x: Ints, y: Ints, owner: Ints) -> Bools:
    """Find the corners of the left side of each object's convex hull, for all objects together.

    Parameters
    ----------
    x, y : ndarray of int64, shape (points,)
        One point in a row, from the top; the points of all objects end to end. Those of the right side are found with
        -x.
    owner : ndarray of int64, shape (points,)
        The object of each point, from 0.

    Returns
    -------
    ndarray of bool, shape (points,)
        The first and the last point of an object are corners; one between two corners on a line is not.

    Examples
    --------
    >>> left_corners(np.array([3, 3, 1, 2, 3, 0]), np.array([0, 1, 2, 3, 4, 9]), np.array([0, 0, 0, 0, 0, 1])).tolist()
    [True, False, True, False, True, True]
    """
    is_corner = np.ones(len(x), np.bool_)
    left = np.arange(len(x))
    changed = np.zeros(int(owner[-1]) + 1 if len(owner) else 0, np.bool_)
    # What lies right of the line between its neighbours is no corner. What is left may have new neighbours: again, for
    # the objects where this is so.
    while len(left):
        inside = np.zeros(len(left), np.bool_)
        inside[1:-1] = (owner[:-2] == owner[2:]) & (
            (x[1:-1] - x[:-2]) * (y[2:] - y[:-2]) >= (x[2:] - x[:-2]) * (y[1:-1] - y[:-2])
        )
        is_corner[left[inside]] = False
        changed[:] = False
        changed[owner[inside]] = True
        left, x, y, owner = (values[changed[owner] & ~inside] for values in (left, x, y, owner))
    return is_corner
