"""Recognises phase contrast by its background, which is neither the darkest nor the brightest part of the image.

In phase contrast, and in other transmitted light that shows slopes, cells are brighter and darker than the grey that
lies between them. Fluorescence has a dark background, brightfield of stained cells a light one: their detail lies on
one side of it.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

_SIDE = 512  # pixels to which the longer side is shrunk; what follows is in these
_BLUR = 1.5  # so that noise does not count as detail
_FLAT = 80.0  # what is coarser is uneven light
_COARSE = 6.0  # what is coarser is not detail
_BINS = 64
_TINY = 1e-6
# 47 images of three sources of phase contrast have levels of 0.25 to 0.53, and -0.10 to 0.61. Others, of six sources,
# simulated ones too, have levels up to 0.16 or from 0.58; brightfield and histology have -0.10 at most, mostly -0.3.
# Eight images of differential interference contrast of a fourth source have 0.49 to 0.58, and -0.25 to 0.11.
_LEVEL = (0.2, 0.6)
_SIDES = (-0.25, 0.8)


def looks_like_phase_contrast(grey: NDArray[Any]) -> bool:
    """Tell whether an image's detail lies on both sides of its background, as in (positive) phase contrast.

    Pictures of everyday scenes often do, too: ask only of images that are known to show no nuclei.

    Parameters
    ----------
    grey : ndarray, shape (Y, X)
        Of any real type and scale.
    """
    plane = _shrunk(grey)
    if plane is None:
        return False
    smooth = _smoothed(plane)
    darker, brighter = np.abs(np.percentile(smooth - cv2.GaussianBlur(plane, (0, 0), _COARSE), (1, 99)))
    sides = float(np.log2((brighter + _TINY) / (darker + _TINY)))
    return _LEVEL[0] < _background_level(smooth) < _LEVEL[1] and _SIDES[0] < sides < _SIDES[1]


def has_grey_background(grey: NDArray[Any]) -> bool:
    """Tell whether an image's background is grey or light rather than dark, as in all transmitted light.

    Dense tissue in fluorescence has such a background, too.

    Parameters
    ----------
    grey : ndarray, shape (Y, X)
        Of any real type and scale.
    """
    plane = _shrunk(grey)
    return plane is not None and _background_level(_smoothed(plane)) > _LEVEL[0]


def _shrunk(grey: NDArray[Any]) -> NDArray[np.float32] | None:
    """The image in at most `_SIDE` pixels; None where it has no extent, or shows nothing."""
    plane = np.nan_to_num(np.asarray(grey, np.float32), posinf=0.0, neginf=0.0)
    if min(plane.shape) < 2 or plane.min() == plane.max():
        return None
    if (shrink := _SIDE / max(plane.shape)) < 1:
        size = tuple(max(1, round(length * shrink)) for length in plane.shape[::-1])
        plane = np.asarray(cv2.resize(plane, size, interpolation=cv2.INTER_AREA), np.float32)
    return plane


def _smoothed(plane: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(cv2.GaussianBlur(plane, (0, 0), _BLUR), np.float32)


def _background_level(smooth: NDArray[Any]) -> float:
    """The most frequent intensity once uneven light is taken out, as a share of the range (percentiles 0.5 to 99.5)."""
    flat = smooth - cv2.GaussianBlur(smooth, (0, 0), _FLAT)
    low, high = np.percentile(flat, (0.5, 99.5))
    counts, edges = np.histogram((flat - low) / max(float(high - low), _TINY), _BINS, (-0.2, 1.2))
    fullest = int(np.convolve(counts, (0.25, 0.5, 0.25), "same").argmax())
    return float(edges[fullest] + edges[fullest + 1]) / 2
