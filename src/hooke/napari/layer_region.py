"""Finds the region of an image that shapes of a shapes layer enclose."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from hooke.errors import ConfigError
from hooke.io.levels import Region
from hooke.labels import ellipse, fill_rings

Floats = NDArray[np.float64]

_OPEN = ("line", "path")


def drawn_region(
    shapes: Sequence[Floats], kinds: Sequence[str], size: tuple[int, int]
) -> tuple[Region, NDArray[np.bool_] | None]:
    """Find the smallest window around shapes, and which of its pixels they enclose.

    Parameters
    ----------
    shapes : sequence of ndarray, shape (N, 2)
        Corners of each in y and x, in pixels of the image; (0, 0) is the centre of the top-left pixel.
    kinds : sequence of str
        What each is, as napari says: ``rectangle``, ``ellipse`` (given by the corners of its box), ``polygon``...
    size : (int, int)
        Height and width of the image.

    Returns
    -------
    region : (int, int, int, int)
        Top row, left column, height and width, within the image.
    drawn : ndarray of bool, shape (height, width), or None
        None where the shapes enclose all of the window.

    Raises
    ------
    ConfigError
        When no shape encloses a part of the image.

    Examples
    --------
    >>> corners = np.array([[1.6, 2.0], [1.6, 5.9], [4.4, 5.9], [4.4, 2.0]])
    >>> drawn_region([corners], ["rectangle"], (100, 100))
    ((2, 2, 3, 4), None)
    """
    rings = [_ring(shape, kind) for shape, kind in zip(shapes, kinds, strict=True) if kind not in _OPEN]
    if not rings:
        raise ConfigError("no region is drawn", remedy="draw a rectangle, an ellipse or a polygon in the shapes layer")
    points = np.concatenate(rings)
    low, high = points.min(axis=0), points.max(axis=0)
    # A pixel is inside when its centre is, and rings count from the pixels' corners.
    left, top = (max(0, math.ceil(at - 0.5)) for at in low.tolist())
    right, bottom = (min(side, math.ceil(at - 0.5)) for at, side in zip(high.tolist(), size[::-1], strict=True))
    if right - left < 2 or bottom - top < 2:
        cause = "the shapes enclose less than 2 x 2 pixels of the image"
        raise ConfigError(cause, remedy="draw them over the image, and in its layer's units")
    region = (top, left, bottom - top, right - left)
    drawn = np.zeros(region[2:], np.bool_)
    for ring in rings:
        drawn |= fill_rings([ring], region[2], region[3], top, left)
    return region, None if drawn.all() else drawn


def _ring(shape: Floats, kind: str) -> Floats:
    """Corners in x and y from the corner of the top-left pixel."""
    corners = np.asarray(shape, np.float64)[:, ::-1] + 0.5
    if kind != "ellipse":
        return corners
    # The ellipse that touches the middles of the sides of a parallelogram, which a turned box is.
    middle = corners.mean(axis=0)
    across, down = (corners[1] - corners[0]) / 2, (corners[3] - corners[0]) / 2
    circle = ellipse(0, 0, 1, 1)
    return np.asarray(middle + circle[:, :1] * across + circle[:, 1:] * down)
