"""Iterates over an image in bands of rows, which limits the memory of a computation."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

BAND_PIXELS = 2**20  # pixels handled together
_WORTH = 2**17  # pixels of a band for which another thread is worth its start

_Result = TypeVar("_Result")


def bands(image: NDArray[np.generic], least: int = 1) -> Iterator[slice]:
    """Rows, about a megapixel at a time, or fewer where there are to be `least` bands or more.

    NumPy turns an array that serves as an index into 64 bits: done by bands, that costs megabytes and stays in the
    processor's cache, where the whole image at once would cost gigabytes.
    """
    height, width = image.shape[:2]
    rows = max(1, min(BAND_PIXELS // max(1, width), -(-height // least)))
    return (slice(top, min(top + rows, height)) for top in range(0, height, rows))


def map_bands(work: Callable[[slice], _Result], image: NDArray[np.generic], threads: int = 1) -> Iterator[_Result]:
    """Call a function for each band of an image, and give its results from the top.

    Parameters
    ----------
    work : callable
        Takes the rows of a band.
    image : ndarray, shape (Y, X)
    threads : int
        Bands in work at once: NumPy lets several threads look up, compare and count side by side.
    """
    threads = min(threads, image.size // _WORTH)
    if threads <= 1:
        yield from map(work, bands(image))
        return
    with ThreadPoolExecutor(threads) as pool:
        yield from pool.map(work, bands(image, threads))


def for_each_band(work: Callable[[slice], None], image: NDArray[np.generic], threads: int = 1) -> None:
    """Call a function, which writes within the rows that it is given only, for each band; see `map_bands`."""
    for _ in map_bands(work, image, threads):
        pass
