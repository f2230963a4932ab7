"""Compares predicted and true numbers of objects per image: bias, error and R²."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike


@dataclass(frozen=True)
class CountAgreement:
    """Agreement of predicted with true numbers of objects per image.

    Parameters
    ----------
    bias : float
        Mean of predicted minus true; positive when too many are found.
    mae : float
        Mean absolute difference.
    r2 : float
        Coefficient of determination; at most 1, below 0 when the mean of the truth would have been the better guess.
        NaN when all images hold equally many true objects.
    """

    bias: float
    mae: float
    r2: float


def count_agreement(pred: ArrayLike, true: ArrayLike) -> CountAgreement:
    """Compare predicted and true numbers of objects.

    Parameters
    ----------
    pred, true : array, shape (images,)
        Objects per image, at least one image.

    Returns
    -------
    CountAgreement
        r2 is 1 - sum((pred - true)²) / sum((true - mean of true)²).

    Examples
    --------
    >>> count_agreement([1, 3, 5], [1, 2, 6])
    CountAgreement(bias=0.0, mae=0.6666666666666666, r2=0.8571428571428572)
    """
    true = np.asarray(true, np.float64)
    error = np.asarray(pred, np.float64) - true
    spread = float(((true - true.mean()) ** 2).sum())
    r2 = 1 - float((error**2).sum()) / spread if spread else float("nan")
    return CountAgreement(float(error.mean()), float(np.abs(error).mean()), r2)
