"""Scales pictures to the place that a page or a sheet has for them."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray


def fitted_size(shape: tuple[int, ...], side: int) -> tuple[int, int]:
    """Width and height of a picture of this shape (Y, X, ...) whose longer side becomes `side` pixels.

    Examples
    --------
    >>> fitted_size((50, 200, 3), 100)
    (100, 25)
    """
    factor = side / max(shape[:2])
    return max(1, round(shape[1] * factor)), max(1, round(shape[0] * factor))


def shrunk(picture: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    """Make a picture, shape (Y, X, 3), so small that its longer side has no more than `side` pixels."""
    if max(picture.shape[:2]) <= side:
        return picture
    return np.asarray(cv2.resize(picture, fitted_size(picture.shape, side), interpolation=cv2.INTER_AREA), np.uint8)
