"""Expands the objects of a label image into the background around them, each as far as it is the nearest one."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from hooke.errors import ConfigError
from hooke.labels.bands import bands

#: Further than this, an expansion is a mistake: distances are exact in 32-bit floats only so far.
FARTHEST = 1000.0
_ROUNDING = 1e-4  # less than squared distances of whole pixels differ by
# Steps of a king and a knight order pixels by their distance up to this squared distance, as tests count out.
_STEPS_EXACT = 49
_STEPS_APART = 1e-3  # by at least this do they differ for different distances


@dataclass(frozen=True, eq=False)
class ExpandedBand:
    """Some rows of an expanded label image.

    Parameters
    ----------
    rows : slice
    labels : ndarray of integer, shape (rows or rows + 1, X)
        The labels, with one more row below, except in the last band.
    beyond : ndarray of bool, shape (rows, X)
        Where an object grew further than over the gap.
    """

    rows: slice
    labels: NDArray[np.integer]
    beyond: NDArray[np.bool_]


def expand_labels(labels: NDArray[np.int32], distance: float) -> NDArray[np.int32]:
    """Let every object grow into the background, by no more than a distance and not over the line halfway to another.

    Parameters
    ----------
    labels : ndarray of int32, shape (Y, X)
        0 is background.
    distance : float
        In pixels, between the centres of pixels, 0 to 1000.

    Returns
    -------
    ndarray of int32, shape (Y, X)
        Objects keep their label. A pixel that is as near to two of them goes to either.

    Raises
    ------
    ConfigError
        If the distance is out of range.

    Examples
    --------
    >>> expand_labels(np.array([[0, 0, 0, 3, 0, 0, 0, 5]], np.int32), 2).tolist()
    [[0, 3, 3, 3, 3, 3, 5, 5]]
    """
    grown = np.empty_like(labels)
    for band in expand_bands(labels, distance):
        grown[band.rows] = band.labels[: band.rows.stop - band.rows.start]
    return grown


def expand_bands(labels: NDArray[np.integer], distance: float) -> Iterator[ExpandedBand]:
    """Expand a label image in bands of rows: see `expand_labels`.

    Raises
    ------
    ConfigError
        If the distance is out of range.
    """
    return (expand_band(labels, band, distance) for band in bands(labels))


def expand_band(labels: NDArray[np.integer], band: slice, distance: float, gap: float = 0.0) -> ExpandedBand:
    """Expand some rows of a label image, and say where further than over a gap: see `expand_labels`.

    Raises
    ------
    ConfigError
        If the distance is out of range.
    """
    if not 0 <= distance <= FARTHEST:
        raise ConfigError(f"distance is {distance}", remedy=f"give pixels, 0 to {FARTHEST:g}")
    reach = int(distance) + 1  # one row more than needed, so that the row below a band is right as well
    top, bottom = max(0, band.start - reach), min(len(labels), band.stop + reach)
    grown, beyond = _expand(np.ascontiguousarray(labels[top:bottom]), _square(distance), _square(gap))
    first, last = band.start - top, band.stop - top
    return ExpandedBand(band, grown[first : last + 1], beyond[first:last])


def _square(distance: float) -> int:
    """Greatest squared distance of whole pixels up to a distance."""
    return math.floor(distance * distance + 1e-9)


def _expand(labels: NDArray[np.integer], limit: int, gap: int) -> tuple[NDArray[np.integer], NDArray[np.bool_]]:
    """Expand labels up to a squared distance; say where beyond another one."""
    background = labels == 0
    if background.all():  # OpenCV's distances are huge there, or end at a limit
        return labels, ~background
    # OpenCV finds the nearest pixel by steps of a knight and a king: nearly always the right one.
    mask = background.view(np.uint8)
    steps, number = cv2.distanceTransformWithLabels(mask, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL)
    grown = labels.copy()
    if limit < _STEPS_EXACT:
        of_number = np.zeros(np.count_nonzero(~background) + 1, labels.dtype)
        of_number[number[~background]] = labels[~background]
        near = background & (steps <= _longest_steps(limit))
        grown[near] = of_number[number[near]]
        return grown, near & (steps > _longest_steps(gap))
    objects = np.flatnonzero(~background).astype(np.int32)
    places = np.zeros(len(objects) + 1, np.int32)
    places[number.ravel()[objects]] = objects
    exact = np.asarray(cv2.distanceTransform(mask, cv2.DIST_L2, cv2.DIST_MASK_PRECISE), np.float32)
    at = np.flatnonzero((exact > 0) & (exact <= math.sqrt(limit) + _ROUNDING)).astype(np.int32)
    found, distances = places[number.ravel()[at]], exact.ravel()[at]
    squares = np.rint(distances * distances).astype(np.int32)
    _correct(found, at, squares, mask)
    grown.ravel()[at] = labels.ravel()[found]
    beyond = np.zeros(labels.shape, np.bool_)
    beyond.ravel()[at] = squares > gap
    return grown, beyond


@cache
def _longest_steps(square: int) -> float:
    """Length that the steps of a king and a knight need for no pixel within a squared distance, but each beyond."""
    reach = math.isqrt(square) + 1
    down, right = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    alone = ((down != 0) | (right != 0)).astype(np.uint8)
    steps = cv2.distanceTransform(alone, cv2.DIST_L2, 5)
    return float(steps[down * down + right * right <= square].max()) + _STEPS_APART / 2


def _squares(at: NDArray[np.int32], found: NDArray[np.int32], width: int) -> NDArray[np.int32]:
    """Squared distances between pixels of an image of this width."""
    dy = at // width - found // width
    dx = at - found - dy * width
    return np.asarray(dy * dy + dx * dx)


def _correct(
    found: NDArray[np.int32], at: NDArray[np.int32], squares: NDArray[np.int32], mask: NDArray[np.uint8]
) -> None:
    """Look for another pixel of an object wherever the one found is further away than the nearest."""
    height, width = mask.shape
    flat = mask.ravel()
    wrong = np.flatnonzero(_squares(at, found, width) != squares)
    wanted, y, x = squares[wrong], at // width, at % width
    for value in np.unique(wanted).tolist():
        left = wrong[wanted == value]
        for down, right in _offsets(value):
            there_y, there_x = y[left] + down, x[left] + right
            inside = (there_y >= 0) & (there_y < height) & (there_x >= 0) & (there_x < width)
            place = np.where(inside, there_y * width + there_x, at[left])  # itself, which is background
            hit = flat[place] == 0
            found[left[hit]] = place[hit]
            left = left[~hit]


def _offsets(square: int) -> list[tuple[int, int]]:
    """Steps of whole pixels whose squared length is this number."""
    side = int(np.sqrt(square)) + 1
    dy, dx = np.mgrid[-side : side + 1, -side : side + 1]
    return [(int(dy[place]), int(dx[place])) for place in zip(*np.nonzero(dy * dy + dx * dx == square), strict=True)]
