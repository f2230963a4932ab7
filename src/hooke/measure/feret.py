"""Measures every object's convex image: its Feret diameters, and its perimeter against that of the object.

The convex image is scikit-image's ``image_convex``: the pixels whose centre lies in the convex hull of the object's
pixels, each a diamond of height and width 1.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from hooke.measure.hull import ConvexImages, left_corners
from hooke.measure.perimeter import count_steps_apart

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_CANVAS = 2**20  # pixels of convex images drawn together
_STEP = 4  # corners by which hulls of a group may differ
_CORNERS = 2**15  # corners of hulls handled together: they stay in the processor's cache


def feret_diameters(
    images: ConvexImages, height: float = 1.0, width: float = 1.0, threads: int = 1
) -> tuple[Floats, Floats]:
    """Find the greatest and the least distance of two parallel lines that hold an object between them.

    Parameters
    ----------
    images : ConvexImages
    height, width : float
        Of a pixel.
    threads : int

    Returns
    -------
    greatest, least : ndarray of float64, shape (objects,)
        Of the diamonds of the convex image's pixels; the greatest is scikit-image's ``feret_diameter_max``.
    """
    corners, sizes = _hulls(images)
    corners_y, corners_x = corners[:, 0] * height, corners[:, 1] * width
    opening = np.cumsum(sizes) - sizes
    greatest, least = np.zeros(len(sizes)), np.zeros(len(sizes))

    def measure_some(part: Ints) -> None:
        # The last corner of a smaller hull is there several times, which changes nothing.
        corner = np.minimum(np.arange(sizes[part].max())[:, None], sizes[part] - 1)
        y, x = (side[opening[part] + corner] for side in (corners_y, corners_x))
        greatest[part] = _longest(y, x, height, width)
        least[part] = _narrowest(y, x, height, width)

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(measure_some, _of_similar_size(sizes)))
    return greatest, least


def _of_similar_size(sizes: Ints) -> Iterator[Ints]:
    """Take hulls of about equally many corners some at a time."""
    groups = -(-sizes // _STEP)
    for group in np.unique(groups).tolist():
        same, count = np.flatnonzero(groups == group), group * _STEP
        yield from np.array_split(same, -(-len(same) * int(count) // _CORNERS))


def _hulls(images: ConvexImages) -> tuple[Floats, Ints]:
    """List the corners (y, x) of the hulls of all convex images' pixel centres, end to end, and how many each has."""
    row, owner = np.arange(len(images.left)), np.repeat(np.arange(len(images)), images.heights)
    left, right = np.minimum(images.left, images.right), np.maximum(images.left, images.right)
    down, up = (np.flatnonzero(left_corners(x, row, owner)) for x in (left, -right))
    # Of each object down the left side, then up the right.
    counts = [np.bincount(owner[side], minlength=len(images)) for side in (down, up)]
    sizes = counts[0] + counts[1]
    opening = np.cumsum(sizes) - sizes
    corners = np.empty((len(down) + len(up), 2))
    place = np.arange(len(down)) + (opening - np.cumsum(counts[0]) + counts[0])[owner[down]]
    corners[place, 0], corners[place, 1] = down, left[down]
    place = (opening + sizes - 1 + np.cumsum(counts[1]) - counts[1])[owner[up]] - np.arange(len(up))
    corners[place, 0], corners[place, 1] = up, right[up]
    return corners, sizes


def _longest(y: Floats, x: Floats, height: float, width: float) -> Floats:
    """Of the hulls (corners, N) with a diamond around each corner."""
    square = np.full(y.shape[1], height**2 if height > width else width**2)
    for corner in range(len(y) - 1):
        down, right = np.abs(y[corner + 1 :] - y[corner]), np.abs(x[corner + 1 :] - x[corner])
        # The two furthest points are tips of diamonds: both diamonds' tips add to one side of the triangle.
        gap = np.maximum((down + height) ** 2 + right**2, down**2 + (right + width) ** 2)
        np.maximum(square, gap.max(axis=0), out=square)
    return np.asarray(np.sqrt(square))


def _narrowest(y: Floats, x: Floats, height: float, width: float) -> Floats:
    """Of the hulls (corners, N) with diamonds: across one of their edges, or across an edge of the diamonds."""
    least = np.full(y.shape[1], np.inf)
    edges = [(y[after] - y[corner], x[after] - x[corner]) for corner, after in enumerate([*range(1, len(y)), 0])]
    for down, right in [*edges, (height, -width), (height, width)]:
        along = down * x - right * y
        extent = along.max(axis=0) - along.min(axis=0)
        extent += np.maximum(np.abs(right) * height, np.abs(down) * width)
        length = np.hypot(right, down)
        np.minimum(least, np.divide(extent, length, where=length > 0, out=np.full_like(least, np.inf)), out=least)
    return least


def convex_perimeters(images: ConvexImages, height: float = 1.0, width: float = 1.0, threads: int = 1) -> Floats:
    """Measure the perimeter of each convex image, as `hooke.measure.perimeter` does that of the object.

    Parameters
    ----------
    images : ConvexImages
    height, width : float
        Of a pixel.
    threads : int
    """
    result = np.zeros(len(images))

    def measure_some(objects: Ints) -> None:
        rows = images.rows(objects)
        left = (images.left[rows] - images.start[rows]).astype(np.int32)
        right = (images.right[rows] - images.start[rows]).astype(np.int32)
        number = np.repeat(np.arange(len(objects)), images.heights[objects])
        column = np.arange(right.max() + 1, dtype=np.int32)
        # The rows of all of them, one below the other, with an empty one between.
        place = np.arange(len(rows)) + number + 1
        canvas = np.zeros((len(rows) + len(objects) + 1, len(column) + 2), np.bool_)
        canvas[place, 1:-1] = (column >= left[:, None]) & (column <= right[:, None])
        of_row = np.zeros(len(canvas), np.int64)
        of_row[place] = number
        result[objects] = count_steps_apart(canvas, of_row, len(objects)).length(height, width)

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(measure_some, _of_similar_width(images)))
    return result


def _of_similar_width(images: ConvexImages) -> Iterator[Ints]:
    """Take objects some at a time whose images fill a canvas well."""
    order = np.argsort(images.widths, kind="stable")
    heights, widths = images.heights[order], images.widths[order]
    begin = 0
    while begin < len(order):
        area = np.cumsum(heights[begin : begin + _CANVAS]) * widths[begin : begin + _CANVAS]
        end = begin + max(1, int(np.searchsorted(area, _CANVAS, side="right")))
        yield order[begin:end]
        begin = end
