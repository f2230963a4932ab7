"""Finds the pixels that a polygon fills.

Coordinates are (x, y) in pixels, (0, 0) the outer corner of the top-left pixel, so that the centre of that pixel is at
(0.5, 0.5): so do COCO, QuPath, ImageJ and labelme's canvas. A pixel belongs to a shape that holds its centre; shapes
that share an edge share no pixel.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from hooke.errors import DatasetError
from hooke.limits import check_memory

#: Corners of a closed outline, float64, shape (N, 2), as (x, y) in pixels; the last is joined to the first.
Ring = NDArray[np.float64]

ELLIPSE_CORNERS = 256  # the polygon is within 8e-5 of the radius
# A whole slide is 10^5 pixels wide; beyond 10^8 the sums below lose the pixel, and a number is a mistake anyway.
FARTHEST = 1e8
BYTES_PER_CROSSING = 64  # of an edge by a row of pixels, as a polygon is filled
_MOST_EDGES = 2000
MIN_BORDER = 5  # Cellpose leaves out shorter outlines; four points are a square of pixels' corners as well
REMEDY = "export the annotations again"


def to_ring(points: object) -> Ring:
    """Check corners as a file gives them.

    Parameters
    ----------
    points : sequence of (float, float), or flat sequence of float
        x and y of each corner, in pairs or one after the other; further coordinates of a pair (GeoJSON's height) are
        left out.

    Raises
    ------
    DatasetError
        If these are not pairs of finite numbers. The error names no file.

    Examples
    --------
    >>> to_ring([0, 0, 4, 0, 4, 3]).tolist() == to_ring([[0, 0], [4, 0], [4, 3]]).tolist()
    True
    """
    try:
        corners = np.asarray(points)
    except (TypeError, ValueError, OverflowError) as error:
        raise DatasetError("coordinates are not pairs of x and y", remedy=REMEDY) from error
    if corners.ndim == 1 and corners.size % 2 == 0:
        corners = corners.reshape(-1, 2)
    if corners.ndim == 0 or (corners.size and (corners.ndim != 2 or corners.shape[1] < 2)):
        raise DatasetError("coordinates are not pairs of x and y", remedy=REMEDY)
    if not corners.size:
        return np.empty((0, 2))
    # Text that looks like a number is not one.
    if corners.dtype.kind not in "iuf" or not (np.abs(corners) < FARTHEST).all():
        raise DatasetError("coordinates are not finite numbers", remedy=REMEDY)
    return corners[:, :2].astype(np.float64)


def ellipse(x: float, y: float, radius_x: float, radius_y: float) -> Ring:
    """Outline an ellipse with its axes along rows and columns, from its centre and radii in pixels."""
    angle = np.linspace(0, 2 * np.pi, ELLIPSE_CORNERS, endpoint=False)
    return np.stack([x + radius_x * np.cos(angle), y + radius_y * np.sin(angle)], axis=1)


def rectangle(x0: float, y0: float, x1: float, y1: float) -> Ring:
    """Outline a rectangle from two opposite corners."""
    return np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]], np.float64)


def fill_rings(rings: Sequence[Ring], height: int, width: int, top: int = 0, left: int = 0) -> NDArray[np.bool_]:
    """Rasterise one polygon: each pixel whose centre lies inside by the even-odd rule, so that inner rings are holes.

    Parameters
    ----------
    rings : sequence of Ring
        Outline and holes, in any order and direction.
    height, width, top, left : int
        The window of the image to rasterise, in pixels.

    Returns
    -------
    ndarray of bool, shape (height, width)
        True inside.

    Notes
    -----
    Scan conversion: an edge is crossed by the rows whose centre y lies in [lower end, upper end); in such a row, all
    pixels right of the crossing change sides (Foley et al., Computer Graphics, 2nd ed., section 3.6).

    Examples
    --------
    >>> outer, hole = rectangle(0, 0, 4, 3), rectangle(1, 1, 2, 2)
    >>> fill_rings([outer, hole], 3, 5).astype(int).tolist()
    [[1, 1, 1, 1, 0], [1, 0, 1, 1, 0], [1, 1, 1, 1, 0]]
    """
    begin = np.concatenate([np.empty((0, 2)), *rings]) - (left, top)
    end = np.concatenate([np.empty((0, 2)), *(part for ring in rings for part in (ring[1:], ring[:1]))]) - (left, top)
    (x0, y0), (x1, y1) = begin.T, end.T
    first = np.clip(np.ceil(np.minimum(y0, y1) - 0.5), 0, height).astype(np.intp)
    last = np.clip(np.ceil(np.maximum(y0, y1) - 0.5), 0, height).astype(np.intp)
    crossings = last - first
    check_memory(BYTES_PER_CROSSING * int(crossings.sum()), error=DatasetError)
    edge = np.repeat(np.arange(len(begin)), crossings)
    row = np.arange(len(edge)) + np.repeat(first - np.cumsum(crossings) + crossings, crossings)
    x = x0[edge] + (row + 0.5 - y0[edge]) * (x1 - x0)[edge] / (y1 - y0)[edge]
    column = np.clip(np.ceil(x - 0.5), 0, width).astype(np.intp)
    changes = np.bincount(row * (width + 1) + column, minlength=height * (width + 1)).reshape(height, width + 1)
    return np.asarray(np.cumsum(changes, axis=1)[:, :width] % 2 == 1)


def ring_area(ring: Ring) -> float:
    """Area that an outline encloses, negative where it goes round the other way, as the outline of a hole does."""
    x, y = (ring - ring[0]).T  # the corner after the last is (0, 0)
    return float(x[:-1] @ y[1:] - y[:-1] @ x[1:]) / 2


def crosses_itself(ring: Ring) -> bool:
    """Whether two edges of an outline cross; that they touch is allowed.

    Of more than 2000 corners, only as many edges as that are compared, evenly spread.

    Examples
    --------
    >>> crosses_itself(rectangle(0, 0, 4, 3)), crosses_itself(np.array([[0, 0], [4, 4], [4, 0], [0, 4.0]]))
    (False, True)
    """
    begin, along = ring, np.roll(ring, -1, axis=0) - ring
    tested = np.unique(np.linspace(0, len(ring) - 1, min(len(ring), _MOST_EDGES)).astype(int))
    for place in tested.tolist():
        gap = begin - begin[place]
        sides = _cross(along[place], gap), _cross(along[place], gap + along)
        back = _cross(along, -gap), _cross(along, along[place] - gap)
        if ((sides[0] * sides[1] < 0) & (back[0] * back[1] < 0)).any():
            return True
    return False


def _cross(first: NDArray[np.float64], second: NDArray[np.float64]) -> NDArray[np.float64]:
    """Cross product of vectors in the plane."""
    return np.asarray(first[..., 0] * second[..., 1] - first[..., 1] * second[..., 0])


def fill_border(ring: Ring) -> tuple[NDArray[np.bool_], int, int] | None:
    """Fill an outline through border pixels, which belong to the region.

    Returns
    -------
    mask : ndarray of bool, shape (H, W)
        The region in its bounding box.
    top, left : int
        Where the box begins in the image.

    Or None where the outline does not go from border pixel to border pixel of the region that it encloses.
    """
    points = ring[:-1] if len(ring) > 1 and (ring[0] == ring[-1]).all() else ring
    steps = np.abs(points - np.roll(points, 1, axis=0))
    if len(points) < MIN_BORDER or (points % 1 != 0).any() or (steps.max(axis=1) != 1).any():
        return None
    return _filled_with_border(points)


def fill_border_of(ring: Ring, pixels: float, height: int, width: int) -> tuple[NDArray[np.bool_], int, int] | None:
    """Fill an outline through border pixels that is given by its corners, where the region has this many pixels.

    Without the number an outline of corners, such as a square, could as well go along the edges of pixels. By Pick's
    theorem a region has as many pixels as the polygon's area, half of the steps along it, and one.

    Parameters
    ----------
    ring : Ring
        Corners; between two of them the outline goes straight or diagonally from pixel to pixel.
    pixels : float
        What the source says that the region has.
    height, width : int
        Of the image, which the outline doesn't leave.

    Returns
    -------
    tuple or None
        As `fill_border`.
    """
    if len(ring) < 3 or (ring < 0).any() or (ring > (width - 1, height - 1)).any() or pixels > height * width:
        return None
    steps = np.roll(ring, -1, axis=0) - ring
    counts = np.abs(steps).max(axis=1)
    if not counts.any() or pixels != abs(ring_area(ring)) + counts.sum() / 2 + 1 or (ring % 1 != 0).any():
        return None
    if ((steps != 0).all(axis=1) & (np.abs(steps[:, 0]) != np.abs(steps[:, 1]))).any():
        return None
    corner = np.repeat(np.arange(len(ring)), counts.astype(np.intp))
    passed = np.arange(len(corner)) - (np.cumsum(counts) - counts)[corner]
    return _filled_with_border(ring[corner] + np.sign(steps)[corner] * passed[:, None])


def _filled_with_border(points: Ring) -> tuple[NDArray[np.bool_], int, int] | None:
    """Fill an outline of whole numbers that goes from pixel to pixel; None where it isn't the border of its region."""
    left, top = (int(edge) for edge in points.min(axis=0))
    placed = (points - (left, top)).astype(np.int32)
    mask = np.zeros(placed.max(axis=0)[::-1] + 1, np.uint8)
    cv2.drawContours(mask, [placed[:, None]], 0, 1, cv2.FILLED)
    found, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    traced = found[0][:, 0]
    if len(traced) != len(placed) or (traced[np.lexsort(traced.T)] != placed[np.lexsort(placed.T)]).any():
        return None
    return mask.astype(np.bool_), top, left
