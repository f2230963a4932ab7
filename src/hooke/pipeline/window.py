"""Chooses the part of a large image that the warnings are measured on."""

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
    top, left = (max(0, min(at - side // 2, length - side)) for at, length in ((y, height), (x, width)))
    return np.s_[top : top + side, left : left + side]
