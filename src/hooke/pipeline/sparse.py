"""Searches a whole image, coarsely and without the network, for places that differ from the background."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from hooke.image import Pixels
from hooke.pipeline.first_pass import FIELD, Field, fits_scale
from hooke.pipeline.window import window_around
from hooke.preprocess import Normalisation

_BLOCKS = (4, 16)  # side of the squares whose mean is compared, image pixels: for small and for large objects
_BACKGROUND = 12.0  # squares: what varies on a larger scale is uneven light
_SIGNIFICANT = 6.0  # standard deviations of the noise in the means
_STRIP = 1 << 23  # pixels
_MANY = 1 << 29  # pixels from which only large squares are compared
_MOST = 8  # fields for each size of square
_SCALES = {4: (1.0, 0.5), 16: (0.5, 0.25)}


def interesting_fields(pixels: Pixels, normalisation: Normalisation) -> list[tuple[float, Field]]:
    """Choose fields, and scales to view them on, around what differs most from its surroundings.

    Parameters
    ----------
    pixels : Pixels, shape (Y, X) or (Y, X, C)
    normalisation : Normalisation

    Returns
    -------
    list of (float, Field)
        At most 8 places for each of two sizes of objects; none where all is noise.
    """
    jobs: dict[tuple[float, int, int], tuple[float, Field]] = {}
    for block in _BLOCKS if pixels.shape[0] * pixels.shape[1] < _MANY else _BLOCKS[1:]:
        for y, x in _peaks(_surprise(pixels, normalisation, block), FIELD // (2 * block)):
            for scale in _SCALES[block]:
                if fits_scale(pixels.shape, scale):
                    middle = int((y + 0.5) * block), int((x + 0.5) * block)
                    rows, columns = window_around(*middle, round(FIELD / scale), pixels.shape)
                    jobs[scale, rows.start, columns.start] = (scale, (rows, columns))
    return list(jobs.values())


def _surprise(pixels: Pixels, normalisation: Normalisation, block: int) -> NDArray[np.float32]:
    """How far the mean of each square lies from the background, in standard deviations of the noise.

    Objects are bright after normalisation; in a picture in colour they are dark.
    """
    height, width = (max(1, length // block) for length in pixels.shape[:2])
    means = np.empty((height, width), np.float32)
    rows = max(
        1, min(512, _STRIP // max(1, pixels.shape[1])) // block
    )  # converted strip by strip, so that the whole image is never held as floats
    for top in range(0, height, rows):
        bottom = min(top + rows, height)
        strip = normalisation.apply(pixels[top * block : bottom * block, : width * block])
        grey = strip.mean(axis=2) if normalisation.mode != "grey" else np.ascontiguousarray(strip[..., 0])
        means[top:bottom] = cv2.resize(grey, (width, bottom - top), interpolation=cv2.INTER_AREA)
    apart = means - cv2.GaussianBlur(means, (0, 0), _BACKGROUND)
    apart -= np.median(apart)
    noise = max(1.4826 * float(np.median(np.abs(apart))), 1e-6)
    return np.asarray((-apart if normalisation.keeps_colours else apart) / noise, np.float32)


def _peaks(surprise: NDArray[np.float32], reach: int) -> list[tuple[int, int]]:
    """The most surprising places, each farther than `reach` from the ones before."""
    left = surprise.copy()
    found: list[tuple[int, int]] = []
    while len(found) < _MOST:
        y, x = divmod(int(left.argmax()), left.shape[1])
        if left[y, x] < _SIGNIFICANT:
            break
        found.append((y, x))
        left[max(0, y - reach) : y + reach + 1, max(0, x - reach) : x + reach + 1] = -np.inf
    return found
