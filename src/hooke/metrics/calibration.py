"""Measures the calibration of probabilities, and fits a temperature."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
_BINS = 10
_COLDEST, _HOTTEST = 0.25, 10.0


@dataclass(frozen=True, eq=False)
class Calibration:
    """Whether probabilities are calibrated: of predictions with 0.8, 80 % should be right.

    Parameters
    ----------
    bins : DataFrame
        A row per bin of equal width that holds anything: ``low``, ``high``, ``count``, ``confidence`` (mean
        probability of the class named) and ``accuracy``.
    ece : float
        Expected calibration error: the mean gap between the two, weighed by count (Guo et al. 2017, "On calibration of
        modern neural networks", eq. 3).
    """

    bins: pd.DataFrame
    ece: float


def calibrate(confidence: Floats, right: NDArray[np.bool_], bins: int = _BINS) -> Calibration:
    """Compare how sure a classifier was with how often it was right.

    Parameters
    ----------
    confidence : ndarray of float, shape (n,)
        Probability of the class named, 0..1.
    right : ndarray of bool, shape (n,)
    bins : int
        Of equal width.
    """
    bin_of = np.clip(np.ceil(confidence * bins).astype(int) - 1, 0, bins - 1)
    count = np.bincount(bin_of, minlength=bins)
    held = count > 0
    sure = np.bincount(bin_of, weights=confidence, minlength=bins)[held] / count[held]
    accuracy = np.bincount(bin_of, weights=right, minlength=bins)[held] / count[held]
    edges = np.arange(bins) / bins
    table = pd.DataFrame(
        {
            "low": edges[held],
            "high": edges[held] + 1 / bins,
            "count": count[held],
            "confidence": sure,
            "accuracy": accuracy,
        }
    )
    return Calibration(table, float(np.sum(count[held] * np.abs(sure - accuracy)) / max(1, len(confidence))))


def fit_temperature(raw: ArrayLike, true: ArrayLike) -> float:
    """Find the temperature that raw scores are divided by before the softmax, so that probabilities are calibrated.

    Temperature scaling (Guo et al. 2017, section 4.2): the one that makes the true classes likeliest. It is sought on
    a grid of one-percent steps from 0.25 to 10: a few objects that are all classified correctly would give 0.

    Parameters
    ----------
    raw : array of float, shape (n, K)
    true : array of int, shape (n,)
    """
    scores, truth = np.asarray(raw, np.float64), np.asarray(true, np.int64)
    if not len(truth):
        return 1.0
    candidates = np.exp(np.linspace(np.log(_COLDEST), np.log(_HOTTEST), 400))

    def loss(temperature: float) -> float:
        scaled = scores / temperature
        scaled = scaled - scaled.max(axis=1, keepdims=True)
        return float(np.mean(np.log(np.exp(scaled).sum(axis=1)) - scaled[np.arange(len(truth)), truth]))

    return round(float(candidates[np.argmin([loss(candidate) for candidate in candidates])]), 3)
