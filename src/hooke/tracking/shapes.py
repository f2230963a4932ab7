"""Cuts masks out of label images, and finds outlines between those of an object before and after."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from hooke.labels.window import bounding_window
from hooke.tracking.planes import Floats

_WINDOW = 3.0  # radii around the centroid that are searched first


@dataclass(frozen=True, eq=False)
class Shape:
    """An object's mask and where it is.

    Parameters
    ----------
    mask : ndarray of bool, shape (H, W)
    top, left : int
        Row and column of the mask's first pixel in the image.
    """

    mask: NDArray[np.bool_]
    top: int
    left: int

    @property
    def area(self) -> int:
        """Pixels."""
        return int(np.count_nonzero(self.mask))

    @property
    def centroid(self) -> Floats:
        """Mean (y, x) of its pixels in the image."""
        rows, columns = np.nonzero(self.mask)
        return np.array([rows.mean() + self.top, columns.mean() + self.left])

    def pixels(self, shape: tuple[int, ...]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Rows and columns of its pixels that lie in an image of a shape."""
        rows, columns = np.nonzero(self.mask)
        rows, columns = rows + self.top, columns + self.left
        inside = (rows >= 0) & (rows < shape[0]) & (columns >= 0) & (columns < shape[1])
        return rows[inside], columns[inside]


def cut_out(labels: NDArray[np.integer], label: int, centroid: Floats, area: float) -> Shape:
    """Cut an object out of a label image; near its centroid first, then anywhere."""
    reach = int(_WINDOW * np.sqrt(area / np.pi)) + 3
    row, column = (round(float(at)) for at in centroid)
    top, left = max(0, row - reach), max(0, column - reach)
    window = labels[top : row + reach + 1, left : column + reach + 1] == label
    if np.count_nonzero(window) != area:
        window, top, left = labels == label, 0, 0
    rows, columns = bounding_window(window)
    return Shape(window[rows, columns], top + rows.start, left + columns.start)


def blend(before: Shape, after: Shape, share: float, centre: Floats) -> Shape:
    """Find the outline between two, by the mean of their signed distances.

    Parameters
    ----------
    before, after : Shape
    share : float
        0 gives the first, 1 the second.
    centre : ndarray, shape (2,)
        (y, x) that the centroids of both are moved to.

    Returns
    -------
    Shape
        Its area may differ a little from the mean of both. Where the mean is nowhere inside, as between rings of two
        sizes, the mask of the nearer one.
    """
    size = 2 * max(*before.mask.shape, *after.mask.shape) + 5
    middle = np.array([size // 2, size // 2])
    field = (1 - share) * _signed_distance(before, middle, size) + share * _signed_distance(after, middle, size)
    nearer = before if share < 0.5 else after
    return moved(Shape(field > 0, 0, 0) if (field > 0).any() else nearer, centre)


def signed_distance(shape: Shape, window: tuple[int, int, int, int]) -> NDArray[np.float32]:
    """Distance to the outline in a window (top, left, height, width) of the image: above 0 inside, below 0 outside."""
    top, left, height, width = window
    mask = np.zeros((height, width), np.uint8)
    rows, columns = np.nonzero(shape.mask)
    rows, columns = rows + shape.top - top, columns + shape.left - left
    inside = (rows >= 0) & (rows < height) & (columns >= 0) & (columns < width)
    mask[rows[inside], columns[inside]] = 1
    return _distance(mask)


def moved(shape: Shape, centre: Floats) -> Shape:
    """The same mask with its centroid at another place, to the next pixel."""
    shift = centre - shape.centroid
    return Shape(shape.mask, shape.top + round(float(shift[0])), shape.left + round(float(shift[1])))


def _signed_distance(shape: Shape, middle: NDArray[np.int64], size: int) -> NDArray[np.float32]:
    placed = moved(shape, middle.astype(np.float64))
    return signed_distance(placed, (0, 0, size, size))


def _distance(mask: NDArray[np.uint8]) -> NDArray[np.float32]:
    # Half a pixel each way, so that the outline lies between the last pixel inside and the first outside.
    inside = cv2.distanceTransform(mask, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    outside = cv2.distanceTransform(1 - mask, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    return np.asarray(np.where(mask > 0, inside - 0.5, 0.5 - outside), np.float32)
