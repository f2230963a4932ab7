"""Estimates by how many pixels a whole field has moved from one frame to the next."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from hooke.preprocess.shift import find_shift

_SIDE = 512  # pixels of the longer side of what is correlated
_LEAST = 0.5  # pixels
_BETTER = 1.3  # times the overlap of the foregrounds without the shift; 1.05 took a few moving objects for a drift
_BLUR = 2.0


def estimate_drift(
    before: NDArray[np.integer],
    after: NDArray[np.integer],
    images: tuple[NDArray[np.generic], NDArray[np.generic]] | None = None,
) -> tuple[float, float]:
    """Estimate the shift of a whole field by phase correlation.

    A shift counts only where it brings the objects of the two frames to overlap more.

    Parameters
    ----------
    before, after : ndarray of integer, shape (Y, X)
        Label images.
    images : (ndarray, ndarray), optional
        The images of both, shape (Y, X) or (Y, X, C), which show more than the objects; correlated instead of these.

    Returns
    -------
    (float, float)
        Rows and columns; 0, 0 where there is no clear shift.
    """
    if not before.any() or not after.any():
        return 0.0, 0.0
    step = -(-max(before.shape) // _SIDE)
    first, second = (np.asarray(labels[::step, ::step] > 0) for labels in (before, after))
    shifts = [_correlate(first.astype(np.float32), second.astype(np.float32))]
    if images is not None:
        shifts.append(_correlate(*(_grey(image, step) for image in images)))
    best, most = (0.0, 0.0), _BETTER * _overlap(first, second, (0, 0))
    for shift in shifts:
        overlap = _overlap(first, second, (round(shift[0]), round(shift[1])))
        if overlap > most:
            best, most = shift, overlap
    rows, columns = best[0] * step, best[1] * step
    return (rows, columns) if max(abs(rows), abs(columns)) >= _LEAST else (0.0, 0.0)


def _correlate(before: NDArray[np.float32], after: NDArray[np.float32]) -> tuple[float, float]:
    """Rows and columns of the peak of the phase correlation, of the planes without their noise."""
    return find_shift(*(cv2.GaussianBlur(plane, (0, 0), _BLUR) for plane in (before, after)))


def _grey(image: NDArray[np.generic], step: int) -> NDArray[np.float32]:
    grey = np.asarray(image[::step, ::step], np.float32)
    grey = grey.mean(axis=2) if grey.ndim == 3 else grey
    return np.nan_to_num(grey, copy=False, posinf=0.0, neginf=0.0)


def _overlap(before: NDArray[np.bool_], after: NDArray[np.bool_], shift: tuple[int, int]) -> float:
    """Share of the foreground that both have, in the part of the field that both show."""
    if any(abs(moved) >= size for moved, size in zip(shift, before.shape, strict=True)):
        return 0.0
    parts = []
    for plane, sign in ((before, -1), (after, 1)):
        cut = [
            slice(max(0, sign * moved), size - max(0, -sign * moved))
            for moved, size in zip(shift, plane.shape, strict=True)
        ]
        parts.append(plane[tuple(cut)])
    if not parts[0].size or parts[0].size < before.size / 4:
        return 0.0
    union = np.count_nonzero(parts[0] | parts[1])
    return np.count_nonzero(parts[0] & parts[1]) / union if union else 0.0
