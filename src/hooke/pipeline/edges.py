"""Tells the edges in an image, and the background beside its objects: what warnings compare objects with."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray


def intensity_slope(grey: NDArray[np.float32]) -> NDArray[np.float32]:
    """How steep the intensity is at each pixel, per pixel."""
    along = (cv2.Sobel(grey, cv2.CV_32F, *axes, scale=1 / 8) for axes in ((1, 0), (0, 1)))
    return np.asarray(np.hypot(*along), np.float32)


def background_beside(inside: NDArray[np.bool_], diameter: float) -> NDArray[np.bool_]:
    """Background within half a diameter of an object."""
    reach = 2 * int(0.5 * diameter) + 3
    return cv2.dilate(inside.view(np.uint8), np.ones((reach, reach), np.uint8)).view(np.bool_) & ~inside
