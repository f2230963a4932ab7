"""Finds one pixel of each object that stands for it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hooke.labels.bands import map_bands


def last_pixels(labels: NDArray[np.int32], threads: int = 1) -> NDArray[np.intp]:
    """Index into the ravelled image of the last pixel, row by row, of each label 1..n.

    Parameters
    ----------
    labels : ndarray of int32, shape (Y, X)
    threads : int

    Returns
    -------
    ndarray of int, shape (n,)
        0 for ids without a pixel.

    Examples
    --------
    >>> last_pixels(np.array([[1, 2], [1, 0]], np.int32)).tolist()
    [2, 1]
    """

    def inside(band: slice) -> tuple[NDArray[np.int32], NDArray[np.intp]]:
        flat = labels[band].ravel()
        where = np.flatnonzero(flat)
        return flat[where], where + band.start * labels.shape[1]

    pixels = np.zeros(int(labels.max(initial=0)) + 1, np.intp)
    for ids, where in map_bands(inside, labels, threads):
        pixels[ids] = where
    return pixels[1:]
