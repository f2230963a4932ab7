"""Finds the pieces, holes and the thinnest neck of one object's mask, for checks and corrections."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from hooke.doctor.findings import Box

MIN_LOBE = 2.5  # pixels: the inner radius that either side of a neck must have
LOBE_SHARE = 0.45  # of the larger side's inner radius
LEVEL_STEP = 0.5  # pixels: distances are that exact

Mask = NDArray[np.uint8]


@dataclass(frozen=True)
class Part:
    """A connected part of an object, or a hole in it.

    Attributes
    ----------
    mask : ndarray of uint8, same shape as the mask that it was found in
        1 in the part.
    area : int
        Pixels.
    box : Box
        Within that mask.
    """

    mask: Mask
    area: int
    box: Box


def cut_out(labels: NDArray[np.integer], id_: int, box: Box) -> Mask:
    """Take one object out of its box, with a rim of one pixel of background around it."""
    top, left, bottom, right = box
    mask = (labels[top:bottom, left:right] == id_).view(np.uint8)
    return np.pad(mask, 1)


def find_pieces(mask: Mask) -> list[Part]:
    """List the 8-connected pieces of an object, the largest first.

    Examples
    --------
    >>> [piece.area for piece in find_pieces(np.array([[1, 0, 0, 0], [0, 1, 0, 1]], np.uint8))]
    [2, 1]
    """
    return sorted(_parts(mask, connectivity=8), key=lambda part: -part.area)


def find_holes(mask: Mask, labels: NDArray[np.integer]) -> list[Part]:
    """List the 4-connected holes that hold background only: an object inside another is not a hole.

    Parameters
    ----------
    mask : ndarray of uint8, shape (Y, X)
        An object with a rim, as `cut_out` gives it.
    labels : ndarray of integer, shape (Y - 2, X - 2)
        The label image in the object's box.

    Examples
    --------
    >>> ring = np.array([[1, 1, 1], [1, 0, 1], [1, 1, 1]])
    >>> [hole.area for hole in find_holes(cut_out(ring, 1, (0, 0, 3, 3)), ring)]
    [1]
    """
    holes = []
    for part in _parts(1 - mask, connectivity=4):
        if part.box[0] == 0:  # the rim
            continue
        if not np.any(labels[part.mask[1:-1, 1:-1] > 0]):
            holes.append(part)
    return holes


def _parts(mask: Mask, connectivity: int) -> Iterator[Part]:
    """Take a mask apart."""
    count, parts, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=connectivity)
    for index in range(1, count):
        left, top, width, height, area = stats[index].tolist()
        yield Part((parts == index).view(np.uint8), area, (top, left, top + height, left + width))


def gap_is_background(labels: NDArray[np.integer], first: Mask, second: Mask) -> tuple[float, bool]:
    """Measure the gap between two pieces, and whether only background is on the shortest way across.

    Parameters
    ----------
    labels : ndarray of integer, shape (Y, X)
    first, second : ndarray of uint8, shape (Y, X)
        The pieces.

    Returns
    -------
    distance : float
        Between the nearest pixels, in pixels; 1 to sqrt(2) when they touch.
    clear : bool
        False where another object lies between them: then one of the pieces may continue behind it.
    """
    away = cv2.distanceTransform(1 - first, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    y2, x2 = np.unravel_index(np.argmin(np.where(second > 0, away, np.inf)), away.shape)
    y1s, x1s = np.nonzero(first)
    nearest = int(np.argmin((y1s - y2) ** 2 + (x1s - x2) ** 2))
    steps = int(np.ceil(away[y2, x2])) + 1
    ys = np.rint(np.linspace(y1s[nearest], y2, steps)).astype(int)
    xs = np.rint(np.linspace(x1s[nearest], x2, steps)).astype(int)
    between = labels[ys, xs][(first[ys, xs] == 0) & (second[ys, xs] == 0)]
    return float(away[y2, x2]), not np.any(between)


def find_neck(mask: Mask) -> float:
    """Measure the thinnest neck of an object as a share of the thinner side: 1 for a round one, near 0 for two.

    The distance to the border is cut at rising levels; where the object falls into two sides that are both thick
    enough, the level is the neck's half width, and the smaller side's largest distance its half width.

    Parameters
    ----------
    mask : ndarray of uint8, shape (Y, X)
        An object with a rim, as `cut_out` gives it.

    Examples
    --------
    >>> two = np.zeros((23, 45), np.uint8)
    >>> _ = cv2.circle(two, (12, 11), 10, 1, -1), cv2.circle(two, (32, 11), 10, 1, -1)
    >>> round(find_neck(two), 1), find_neck(np.pad(np.ones((20, 20), np.uint8), 1))
    (0.1, 1.0)
    """
    depth = cv2.distanceTransform(mask, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    deepest = float(depth.max())
    thick = max(MIN_LOBE, LOBE_SHARE * deepest)
    for level in np.arange(LEVEL_STEP, deepest, LEVEL_STEP):
        count, found = cv2.connectedComponents((depth > level).view(np.uint8), connectivity=8)
        sides = np.asarray(found, np.int32)
        if count < 3:
            continue
        peaks = np.zeros(count)
        np.maximum.at(peaks, sides.ravel(), depth.ravel())
        second = float(np.sort(peaks[1:])[-2])
        if second >= thick:
            return float(level) / second
    return 1.0
