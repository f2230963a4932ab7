"""Tells smoothed noise, in which the network sees many small objects, from an image of objects.

Two things distinguish them. Noise has no edges: differences of neighbouring pixels are normally distributed in it,
however a camera, a filter or a change of size smoothed it (excess kurtosis of 0.4 at most), while in what was seen
through a microscope most are small and some large (1.3 or more in 66 slides made grey, TNBC and MICCAI). And the
lumps of noise are about as often darker than their surroundings as brighter, where objects mostly are all one or the
other: at their scale 754 images of fluorescence and brightfield (DSB 2018, BBBC039) have a skewness beyond 0.5 either
way, smoothed noise none beyond 0.1. Only slides may be as symmetric as noise.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from hooke.image import Pixels
from hooke.pipeline.first_pass import Vote, spread_fields
from hooke.preprocess import Normalisation

_SYMMETRIC = 0.15  # skewness
_EDGELESS = 0.8  # excess kurtosis of the differences of neighbours
_PLACES = 300  # independent ones, of which chance makes a skewness of 0.14 (standard error)
_OBJECTS = 8  # seen: a few may be real, and too few to make the intensities of the field skewed
_SEEN = 0.05  # weight of one that is seen


def is_mere_noise(pixels: Pixels, normalisation: Normalisation, diameter: float, seen: list[Vote]) -> bool:
    """Tell whether what the network sees in an image is no more than lumps of noise.

    Parameters
    ----------
    pixels : Pixels, shape (Y, X) or (Y, X, C)
    normalisation : Normalisation
        Colours are never called noise: the background of a slide is not noise.
    diameter : float
        Of what is seen, pixels.
    seen : list of Vote
        From fields spread over the image.
    """
    if normalisation.keeps_colours or sum(int((vote.weight > _SEEN).sum()) for vote in seen) < _OBJECTS:
        return False
    fields = spread_fields(pixels.shape, 1)
    sizes = [(rows.stop - rows.start) * (columns.stop - columns.start) for rows, columns in fields]
    # A Gaussian of sigma s gives places 4 pi s^2 apart; the background that is taken away hardly changes that.
    if sum(sizes) / (4 * np.pi * 2 * (diameter / 4) ** 2) < _PLACES:
        return False
    shown = [_grey(normalisation.select(pixels[field])) for field in fields]
    if any(_edges(grey) >= _EDGELESS for grey in shown):  # nearly every image, and found sooner than its lumps
        return False
    return abs(_skewness(np.concatenate([_lumps(grey, diameter).ravel() for grey in shown]))) < _SYMMETRIC


def _grey(pixels: NDArray[np.generic]) -> NDArray[np.float32]:
    """One plane of floats; a pixel that is not a number, which would spread when smoothed, gets the median."""
    grey = np.asarray(pixels, np.float32).reshape(pixels.shape[:2])
    finite = np.isfinite(grey)
    return grey if finite.all() else np.where(finite, grey, np.median(grey[finite]) if finite.any() else 0.0)


def _edges(grey: NDArray[np.float32]) -> float:
    """Excess kurtosis of the differences of neighbouring pixels: about 0 in noise, more where something has an edge."""
    smooth = cv2.GaussianBlur(grey, (0, 0), 1.0)  # or single hot pixels would count as edges
    found = []
    for axis in (0, 1):
        steps = np.diff(smooth, axis=axis).astype(np.float64)
        variance = float(steps.var())
        found.append(float(((steps - steps.mean()) ** 4).mean()) / variance**2 - 3 if variance > 0 else 0.0)
    return sum(found) / 2


def _lumps(flat: NDArray[np.float32], diameter: float) -> NDArray[np.float32]:
    """Intensities at the scale of the objects, without background, in standard deviations of their surroundings."""
    fine = cv2.subtract(
        cv2.GaussianBlur(flat, (0, 0), max(diameter / 4, 0.5)), cv2.GaussianBlur(flat, (0, 0), 2 * diameter)
    )
    around = cv2.GaussianBlur(fine * fine, (0, 0), 3 * diameter)
    return np.asarray(fine / np.sqrt(around + 1e-9), np.float32)


def _skewness(values: NDArray[np.float32]) -> float:
    """Third moment over the cube of the standard deviation; 0 for what is symmetric."""
    away = values.astype(np.float64) - values.mean(dtype=np.float64)
    spread = float(away.std())
    return float((away**3).mean()) / spread**3 if spread > 0 else 0.0
