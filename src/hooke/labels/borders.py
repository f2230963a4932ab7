"""Finds the pixels at which labels change."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def differs_beside(padded: NDArray[np.integer]) -> NDArray[np.bool_]:
    """Whether the pixel above, below, left or right of each has another label.

    Parameters
    ----------
    padded : ndarray of integer, shape (Y + 2, X + 2)
        With a margin of one pixel, which has no answer of its own.

    Returns
    -------
    ndarray of bool, shape (Y, X)

    Examples
    --------
    >>> differs_beside(np.pad([[7, 7, 7], [7, 7, 7], [7, 7, 7]], 1)).astype(int).tolist()
    [[1, 1, 1], [1, 0, 1], [1, 1, 1]]
    """
    inner = padded[1:-1, 1:-1]
    differs = (inner != padded[:-2, 1:-1]) | (inner != padded[2:, 1:-1])
    differs |= (inner != padded[1:-1, :-2]) | (inner != padded[1:-1, 2:])
    return np.asarray(differs)
