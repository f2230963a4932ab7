"""Measures the texture of every object by grey-level co-occurrence.

Haralick, Shanmugam & Dinstein (1973), "Textural features for image classification"; formulas as in scikit-image's
`graycoprops`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hooke.labels.runs import Runs
from hooke.measure.median import object_chunks

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

LEVELS = 32
FEATURES = ("contrast", "homogeneity", "energy", "correlation", "entropy")
_TOGETHER = 2**22 // LEVELS**2  # objects whose matrices are in memory at the same time
_DIRECTIONS = ((0, 1), (1, 1), (1, 0), (1, -1))


def textures(plane: NDArray[np.generic], runs: Runs, least: Floats, greatest: Floats) -> dict[str, Floats]:
    """Measure the texture of each object in one channel.

    Parameters
    ----------
    plane : ndarray, shape (Y, X)
        Pixels that are not finite are left out.
    runs : Runs
    least, greatest : ndarray of float64, shape (objects,)
        Of the object's intensities, which are divided between them into 32 levels, so that brightness and contrast of
        the image do not count.

    Returns
    -------
    dict of str to ndarray of float64, shape (objects,)
        By the names of `FEATURES`, of the mean matrix of pixels next to each other in the four directions, both ways,
        both inside of the object. Entropy is in bits. NaN where there is no such pair; the correlation of an even
        object is 1, as in scikit-image.
    """
    height, width = plane.shape
    flat = np.ascontiguousarray(plane).ravel()
    result = {name: np.full(len(runs.ids), np.nan) for name in FEATURES}
    with np.errstate(invalid="ignore", divide="ignore"):
        scale = LEVELS / (greatest - least)
    where = np.full(height * width, -1, np.int32)
    level = np.zeros(height * width, np.uint8)
    for chunk in object_chunks(runs, width):
        index, places = chunk.pixels()
        own = index + chunk.first
        values = flat[places]
        with np.errstate(invalid="ignore"):
            place = np.floor((values.astype(np.float64) - least[own]) * scale[own])
        valid = np.isfinite(values) if values.dtype.kind == "f" else np.ones(len(values), np.bool_)
        level[places] = np.where(np.isfinite(place), np.clip(place, 0, LEVELS - 1), 0).astype(np.uint8)
        where[places[valid]] = own[valid]
        for first in range(chunk.first, chunk.last, _TOGETHER):
            last = min(first + _TOGETHER, chunk.last)
            chosen = places[(own >= first) & (own < last) & valid]
            matrices = _matrices(where, level, chosen, first, last - first, (height, width))
            for name, features in _features(matrices).items():
                result[name][first:last] = features
    return result


def _matrices(
    where: NDArray[np.int32], level: NDArray[np.uint8], places: Ints, first: int, count: int, shape: tuple[int, int]
) -> Floats:
    """Co-occurrence matrices of some objects, shape (objects, 32, 32), each with sum 1; NaN without a pair.

    Each direction counts the same, however many pairs it has.
    """
    height, width = shape
    y, x = np.divmod(places, width)
    total = np.zeros((count, LEVELS, LEVELS))
    directions = np.zeros(count)
    for dy, dx in _DIRECTIONS:
        inside = (y + dy < height) & (x + dx >= 0) & (x + dx < width)
        here = places[inside]
        there = here + dy * width + dx
        both = where[there] == where[here]
        here, there = here[both], there[both]
        code = ((where[here] - first) * LEVELS + level[here]) * LEVELS + level[there]
        matrix = np.bincount(code, minlength=total.size).reshape(total.shape).astype(np.float64)
        matrix += matrix.transpose(0, 2, 1)
        pairs = matrix.sum(axis=(1, 2))
        directions += pairs > 0
        total += matrix / np.maximum(pairs, 1)[:, None, None]
    with np.errstate(invalid="ignore"):
        return np.asarray(total / directions[:, None, None])


def _features(matrices: Floats) -> dict[str, Floats]:
    """Features of each matrix."""
    i, j = np.mgrid[:LEVELS, :LEVELS]
    rows = np.arange(LEVELS)
    share = matrices.sum(axis=2)
    mean = share @ rows
    variance = share @ (rows**2) - mean**2
    with np.errstate(invalid="ignore", divide="ignore"):
        together = np.einsum("nij,ij->n", matrices, i * j) - mean**2
        logarithm = np.where(matrices > 0, np.log2(matrices), np.where(np.isnan(matrices), np.nan, 0))
        return {
            "contrast": np.einsum("nij,ij->n", matrices, (i - j) ** 2),
            "homogeneity": np.einsum("nij,ij->n", matrices, 1 / (1 + (i - j) ** 2)),
            "energy": np.sqrt(np.einsum("nij,nij->n", matrices, matrices)),
            "correlation": np.where(variance > 1e-15, together / variance, np.where(np.isnan(mean), np.nan, 1.0)),
            "entropy": -np.einsum("nij,nij->n", matrices, logarithm),
        }
