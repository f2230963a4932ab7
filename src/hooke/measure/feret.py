"""Measures every object's convex image: its Feret diameters, and its perimeter against that of the object.

The convex image is scikit-image's ``image_convex``: the pixels whose centre lies in the convex hull of the object's
pixels, each a diamond of height and width 1.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
from numpy.typing import NDArray

from hooke.measure.hull import ConvexImages
from hooke.measure.perimeter import count_steps_apart

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_CANVAS = 2**20  # pixels of convex images drawn together
_STEP = 8  # corners by which hulls of a group may differ
_PAIRS = 2**20  # pairs of corners compared together


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
    corners *= (height, width)
    opening = np.cumsum(sizes) - sizes
    greatest, least = np.zeros(len(sizes)), np.zeros(len(sizes))

    def measure_some(part: Ints) -> None:
        # The last corner of a smaller hull is there several times, which changes nothing.
        corner = np.minimum(np.arange(sizes[part].max()), sizes[part][:, None] - 1)
        hull = corners[opening[part][:, None] + corner]
        greatest[part] = _longest(hull, height, width)
        least[part] = _narrowest(hull, height, width)

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(measure_some, _of_similar_size(sizes)))
    return greatest, least


def _of_similar_size(sizes: Ints) -> Iterator[Ints]:
    """Take hulls of about equally many corners some at a time."""
    groups = -(-sizes // _STEP)
    for group in np.unique(groups).tolist():
        same, count = np.flatnonzero(groups == group), group * _STEP
        yield from np.array_split(same, max(1, len(same) * count * count // _PAIRS))


def _hulls(images: ConvexImages) -> tuple[Floats, Ints]:
    """List the corners (y, x) of the hulls of all convex images' pixel centres, end to end, and how many each has."""
    points = np.empty((2 * len(images.left), 2), np.int32)
    points[0::2, 0], points[1::2, 0] = images.left, images.right
    points[0::2, 1] = points[1::2, 1] = np.arange(len(images.left))
    bounds = (2 * images.offset).tolist()
    hulls = [cv2.convexHull(points[begin:end]) for begin, end in itertools.pairwise(bounds)]
    corners = np.concatenate(hulls)[:, 0, ::-1].astype(np.float64) if hulls else np.zeros((0, 2))
    return corners, np.array([len(hull) for hull in hulls], np.int64)


def _longest(hull: Floats, height: float, width: float) -> Floats:
    """Of the hulls (N, corners, 2) with a diamond around each corner."""
    first, second = np.triu_indices(hull.shape[1])
    gap = np.abs(hull[:, first] - hull[:, second])
    # The two furthest points are tips of diamonds: both diamonds' tips add to one side of the triangle.
    square = np.maximum((gap[..., 0] + height) ** 2 + gap[..., 1] ** 2, gap[..., 0] ** 2 + (gap[..., 1] + width) ** 2)
    return np.asarray(np.sqrt(square.max(axis=1)))


def _narrowest(hull: Floats, height: float, width: float) -> Floats:
    """Of the hulls with diamonds: across one of their edges, or across an edge of the diamonds."""
    edges = np.roll(hull, -1, axis=1) - hull
    across = np.stack([-edges[..., 1], edges[..., 0]], axis=-1)
    diagonal = np.broadcast_to([[width, height], [width, -height]], (len(hull), 2, 2))
    across = np.concatenate([across, diagonal], axis=1)
    length = np.hypot(across[..., 0], across[..., 1])
    along = np.einsum("nec,npc->nep", across, hull)
    extent = along.max(axis=2) - along.min(axis=2)
    extent += np.maximum(np.abs(across[..., 0]) * height, np.abs(across[..., 1]) * width)
    with np.errstate(invalid="ignore"):
        return np.asarray(np.nanmin(np.where(length > 0, extent / length, np.nan), axis=1))


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
