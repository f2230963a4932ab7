"""By how many pixels what one plane shows is shifted in another, by phase correlation."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

_SPREAD = 4.0  # standard deviation times pixels: frequencies without objects in them hardly count


def find_shift(before: NDArray[np.generic], after: NDArray[np.generic], *, window: bool = True) -> tuple[float, float]:
    """Find the shift from one plane to another by the peak of their phase correlation.

    Parameters
    ----------
    before, after : ndarray, shape (Y, X)
        Masks or grey values, finite.
    window : bool
        Fade both out towards the border: what enters and leaves there counts less, and so do shifts of half the size.

    Returns
    -------
    (float, float)
        Rows and columns by which `after` is shifted; what the two have in common decides, however little it is.
    """
    planes = [_standardise(plane) for plane in (before, after)]
    if window and min(before.shape) > 1:
        fading = cv2.createHanningWindow(before.shape[::-1], cv2.CV_32F)
        planes = [plane * fading for plane in planes]
    (columns, rows), _ = cv2.phaseCorrelate(*(_pad(plane) for plane in planes))
    return float(rows), float(columns)


def _standardise(plane: NDArray[np.generic]) -> NDArray[np.float32]:
    """Bring a plane to a mean of 0 and a spread that depends on nothing but its size.

    A background far above 0 would be most of what both windows show, at the same place in both. And OpenCV adds 1.2e-7
    to the power that it divides by, so that the spread decides which frequencies count.
    """
    values = np.asarray(plane, np.float32)
    spread = float(values.std(dtype=np.float64))
    scale = _SPREAD / (values.size * spread) if spread else 0.0
    return np.asarray((values - values.mean(dtype=np.float64)) * scale, np.float32)


def _pad(plane: NDArray[np.float32]) -> NDArray[np.float32]:
    """Give a plane even sizes that OpenCV does not enlarge: with odd ones, as 225 for 220, it is off by 0.5."""
    return np.pad(plane, [(0, _even(size) - size) for size in plane.shape])


def _even(size: int) -> int:
    size = cv2.getOptimalDFTSize(size)
    while size % 2:
        size = cv2.getOptimalDFTSize(size + 1)
    return size
