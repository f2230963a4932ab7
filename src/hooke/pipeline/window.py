"""Chooses parts of large images: the one that the warnings are measured on, and those around places."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def choose_window(labels: NDArray[np.int32], side: int) -> tuple[slice, slice]:
    """Choose a part of an image around one of its objects.

    Parameters
    ----------
    labels : ndarray of int32, shape (Y, X)
        At least one object.
    side : int
        Largest height and width of the part, pixels.

    Returns
    -------
    tuple of two slices
        Rows and columns; all of them where the image is no larger.
    """
    height, width = labels.shape
    if max(height, width) <= side:
        return np.s_[:, :]
    middle = np.flatnonzero(labels.ravel())
    y, x = divmod(int(middle[len(middle) // 2]), width)
    return window_around(y, x, side, labels.shape)


def window_around(y: int, x: int, side: int, shape: tuple[int, ...]) -> tuple[slice, slice]:
    """Give rows and columns of a square with a place in its middle, moved into the image of this height and width."""
    top, left = (max(0, min(at - side // 2, length - side)) for at, length in ((y, shape[0]), (x, shape[1])))
    return np.s_[top : top + side, left : left + side]
