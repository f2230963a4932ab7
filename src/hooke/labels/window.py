"""Finds the smallest window of an image that holds a mask."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def bounding_window(mask: NDArray[np.generic]) -> tuple[slice, slice]:
    """Rows and columns of the smallest window that holds all that is not 0; empty where nothing is.

    Parameters
    ----------
    mask : ndarray, shape (Y, X)

    Examples
    --------
    >>> mask = np.zeros((5, 5), bool)
    >>> mask[1, 2:4] = True
    >>> bounding_window(mask)
    (slice(1, 2, None), slice(2, 4, None))
    """
    rows, columns = (np.flatnonzero(mask.any(axis=axis)) for axis in (1, 0))
    if not len(rows):
        return slice(0, 0), slice(0, 0)
    return slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1)
