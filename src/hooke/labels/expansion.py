"""Expands the objects of a label image into the background around them, each as far as it is the nearest one."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from hooke.errors import ConfigError
from hooke.labels.bands import bands

#: Further than this, an expansion is a mistake: distances are exact in 32-bit floats only so far.
FARTHEST = 1000.0
ROUNDING = 1e-4  # less than squared distances of whole pixels differ by


@dataclass(frozen=True, eq=False)
class ExpandedBand:
    """Some rows of an expanded label image.

    Parameters
    ----------
    rows : slice
    labels : ndarray of integer, shape (rows or rows + 1, X)
        The labels, with one more row below, except in the last band.
    distance : ndarray of float32, shape (rows, X)
        Distance of each pixel to the nearest object, between centres; 0 inside of it.
    """

    rows: slice
    labels: NDArray[np.integer]
    distance: NDArray[np.float32]


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


def expand_band(labels: NDArray[np.integer], band: slice, distance: float) -> ExpandedBand:
    """Expand some rows of a label image: see `expand_labels`.

    Raises
    ------
    ConfigError
        If the distance is out of range.
    """
    if not 0 <= distance <= FARTHEST:
        raise ConfigError(f"distance is {distance}", remedy=f"give pixels, 0 to {FARTHEST:g}")
    reach = int(distance) + 1  # one row more than needed, so that the row below a band is right as well
    top, bottom = max(0, band.start - reach), min(len(labels), band.stop + reach)
    grown, distances = _expand(np.ascontiguousarray(labels[top:bottom]), distance)
    first, last = band.start - top, band.stop - top
    return ExpandedBand(band, grown[first : last + 1], distances[first:last])


def _expand(labels: NDArray[np.integer], distance: float) -> tuple[NDArray[np.integer], NDArray[np.float32]]:
    """Expand up to a distance; return labels and distances."""
    distance = math.sqrt(math.floor(distance * distance + 1e-9))  # the greatest that two pixels can have
    mask = (labels == 0).view(np.uint8)
    inside = cv2.countNonZero(mask) < mask.size
    exact = np.asarray(cv2.distanceTransform(mask, cv2.DIST_L2, cv2.DIST_MASK_PRECISE), np.float32)
    if not inside:  # OpenCV's distances are huge there, or end at a limit
        exact.fill(np.inf)
        return labels, exact
    grown = labels.copy()
    at = np.flatnonzero((exact > 0) & (exact <= distance + ROUNDING)).astype(np.int32)
    if len(at):
        grown.ravel()[at] = labels.ravel()[_nearest(mask, at, exact.ravel()[at])]
    return grown, exact


def _nearest(mask: NDArray[np.uint8], at: NDArray[np.int32], distances: NDArray[np.float32]) -> NDArray[np.int32]:
    """Find a pixel of an object at the given distance from each background pixel."""
    height, width = mask.shape
    flat = mask.ravel()
    # OpenCV finds the nearest pixel by steps of a knight and a king: nearly always the right one.
    _, number = cv2.distanceTransformWithLabels(mask, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL)
    objects = np.flatnonzero(flat == 0).astype(np.int32)
    places = np.zeros(len(objects) + 1, np.int32)
    places[number.ravel()[objects]] = objects
    found = places[number.ravel()[at]]
    y, near_y = at // width, found // width
    dy, dx = y - near_y, (at - found) - (y - near_y) * width
    squares = np.rint(distances * distances).astype(np.int32)
    wrong = np.flatnonzero(dy * dy + dx * dx != squares)
    wanted, x = squares[wrong], at - y * width
    for value in np.unique(wanted).tolist():
        left = wrong[wanted == value]
        for down, right in _offsets(value):
            there_y, there_x = y[left] + down, x[left] + right
            inside = (there_y >= 0) & (there_y < height) & (there_x >= 0) & (there_x < width)
            place = np.where(inside, there_y * width + there_x, at[left])  # itself, which is background
            hit = flat[place] == 0
            found[left[hit]] = place[hit]
            left = left[~hit]
    return np.asarray(found)


def _offsets(square: int) -> list[tuple[int, int]]:
    """Steps of whole pixels whose squared length is this number."""
    side = int(np.sqrt(square)) + 1
    dy, dx = np.mgrid[-side : side + 1, -side : side + 1]
    return [(int(dy[place]), int(dx[place])) for place in zip(*np.nonzero(dy * dy + dx * dx == square), strict=True)]
