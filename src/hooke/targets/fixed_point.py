"""Convert maps to 16-bit integers: half of a float's memory, and as precise as decoding needs."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

SCALE_16BIT = 65535  # stands for 1.0


def as_16_bit(values: NDArray[np.floating] | NDArray[np.uint16]) -> NDArray[np.uint16]:
    """Convert maps to 16-bit integers, `SCALE_16BIT` for 1; floats outside 0..1 are clipped, uint16 is kept."""
    if values.dtype == np.uint16:
        return np.asarray(values, np.uint16)
    scaled = np.clip(values, 0, 1, dtype=np.float32)
    return np.asarray(np.rint(scaled * SCALE_16BIT), np.uint16)


def threshold_16bit(share: float) -> int:
    """Find the 16-bit value above which a map exceeds this share of 1."""
    return math.floor(share * SCALE_16BIT)
