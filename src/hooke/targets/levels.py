"""Maps as 16-bit integers: half of a float's memory, and all that decoding can tell apart."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

__all__ = ["FULL", "as_16_bit", "level"]

FULL = 65535  # stands for 1.0


def as_16_bit(values: NDArray[np.floating] | NDArray[np.uint16]) -> NDArray[np.uint16]:
    """Maps as 16-bit integers, `FULL` for 1; floats outside 0..1 are clipped, and integers are such maps already."""
    if values.dtype == np.uint16:
        return np.asarray(values, np.uint16)
    scaled = np.clip(values, 0, 1, dtype=np.float32)
    return np.asarray(np.rint(scaled * FULL), np.uint16)


def level(share: float) -> int:
    """Find the 16-bit value above which a map lies above this share of 1."""
    return math.floor(share * FULL)
