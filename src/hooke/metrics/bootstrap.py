"""Computes bootstrap intervals of scores over groups of images."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

RESAMPLES = 1000


def resample_groups(groups: Sequence[str], resamples: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Draw data sets like the given one: as many groups as there are, with replacement, each with all its images.

    Images of one field of view (or plate, or patient) are not independent, so they are drawn together: the
    cluster bootstrap (Davison and Hinkley 1997, "Bootstrap methods and their application", section 3.8).

    Parameters
    ----------
    groups : sequence of str, length N
        The group of each image.
    resamples : int
        Data sets to draw.
    rng : numpy.random.Generator
        Source of chance.

    Returns
    -------
    ndarray of int64, shape (resamples, N)
        How often each data set holds each image.

    Examples
    --------
    >>> resample_groups(["a", "a", "b"], 2, np.random.default_rng(1)).tolist()
    [[1, 1, 1], [2, 2, 0]]
    """
    names, positions = np.unique(np.asarray(groups, dtype=str), return_inverse=True)
    drawn = rng.multinomial(len(names), np.full(len(names), 1 / len(names)), size=resamples)
    return drawn[:, positions]


def percentile_interval(values: NDArray[np.float64], level: float = 0.95) -> tuple[float, float]:
    """Give the interval that holds the middle share of a score's resampled values (Efron's percentile interval).

    Parameters
    ----------
    values : ndarray of float64, shape (resamples,)
        The score of each resampled data set.
    level : float
        The share, 0..1.

    Returns
    -------
    (float, float)
    """
    low, high = np.quantile(values, ((1 - level) / 2, (1 + level) / 2))
    return float(low), float(high)
