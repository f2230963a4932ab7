"""Iterates over an image in bands of rows, which limits the memory of a computation."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

BAND_PIXELS = 2**20  # pixels handled together


def bands(image: NDArray[np.generic]) -> Iterator[slice]:
    """Rows, about a megapixel at a time.

    NumPy turns an array that serves as an index into 64 bits: done by bands, that costs megabytes and stays in the
    processor's cache, where the whole image at once would cost gigabytes.
    """
    height, width = image.shape[:2]
    rows = max(1, BAND_PIXELS // max(1, width))
    return (slice(top, min(top + rows, height)) for top in range(0, height, rows))
