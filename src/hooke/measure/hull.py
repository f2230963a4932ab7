"""Finds the pixels in the convex hull of every object."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from hooke.labels.runs import Runs

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
    filled = right >= 0  # an object in pieces may have empty rows
    hull_slot, hull_x, is_last, opening = _hulls(left, right, filled, offset)
    least, greatest = np.full(offset[-1], np.inf), np.full(offset[-1], -np.inf)
    following = np.where(is_last, opening, np.arange(1, len(hull_x) + 1))
    at, x = _walk_edges(hull_slot, hull_x, hull_slot[following], hull_x[following])
    np.minimum.at(least, at, x)
    np.maximum.at(greatest, at, x)
    return least, greatest


def _hulls(
    left: Ints, right: Ints, filled: NDArray[np.bool_], offset: Ints
) -> tuple[Ints, Ints, NDArray[np.bool_], Ints]:
    """Find each object's convex hull; return its corners' slot and x, whether the last of it, and its first's index."""
    slots = np.flatnonzero(filled)
    ends = np.searchsorted(slots, offset)
    points = np.empty((2 * len(slots), 2), np.int32)
    points[0::2, 0], points[1::2, 0] = left[slots], right[slots]
    points[0::2, 1] = points[1::2, 1] = slots
    bounds = (2 * ends).tolist()
    hulls = [cv2.convexHull(points[begin:end]) for begin, end in itertools.pairwise(bounds)]
    corners = np.concatenate(hulls)[:, 0].astype(np.int64) if hulls else np.zeros((0, 2), np.int64)
    sizes = np.array([len(hull) for hull in hulls], np.int64)
    closing = np.cumsum(sizes) - 1
    is_last = np.zeros(len(corners), np.bool_)
    is_last[closing] = True
    return corners[:, 1], corners[:, 0], is_last, np.repeat(closing - sizes + 1, sizes)


def _walk_edges(slot: Ints, x: Ints, next_slot: Ints, next_x: Ints) -> tuple[Ints, Floats]:
    """Visit every row that each hull edge passes, both ends included; return the rows' slots and the edge's x there."""
    rise = np.abs(next_slot - slot)
    edge = np.repeat(np.arange(len(slot)), rise + 1)
    step = np.arange(len(edge)) - np.repeat(np.cumsum(rise + 1) - rise - 1, rise + 1)
    at = slot[edge] + step * np.sign(next_slot - slot)[edge]
    along = step / np.maximum(rise, 1)[edge]
    return at, np.asarray(x[edge] + (next_x - x)[edge] * along)
