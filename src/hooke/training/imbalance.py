"""Computes the weights of classes in the loss from their frequencies in the training data."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hooke.errors import ConfigError


def class_weights(
    counts: ArrayLike, method: Literal["none", "inverse", "effective"] = "inverse", beta: float = 0.999
) -> NDArray[np.float32]:
    """Weight of each class in a loss, so that rare classes are heard.

    Parameters
    ----------
    counts : array of int, shape (K,)
        Examples of each class.
    method : {"none", "inverse", "effective"}
        ``inverse`` weighs by 1 / n; ``effective`` by (1 - beta) / (1 - beta^n), one over the effective number of
        examples (Cui et al. 2019, "Class-balanced loss based on effective number of samples", eq. 2), which rises
        less for the rarest; ``none`` gives all 1.
    beta : float
        Of the effective number, below 1: examples beyond some 1 / (1 - beta) add nothing new.

    Returns
    -------
    ndarray of float32, shape (K,)
        Mean 1 over the classes that occur; 0 for a class that does not.

    Raises
    ------
    ConfigError
        For another method, beta outside 0..1, or when no class occurs.
    """
    number = np.asarray(counts, np.float64)
    if not 0 <= beta < 1:
        raise ConfigError(f"beta is {beta}", remedy="use a number from 0 to below 1, such as 0.999")
    if not (number > 0).any():
        raise ConfigError("no class has an example", remedy="train on images whose classes are known")
    occurring = number > 0
    if method == "inverse":
        effective = number
    elif method == "effective":
        effective = (1 - beta**number) / (1 - beta)
    elif method == "none":
        effective = np.ones_like(number)
    else:
        raise ConfigError(f"unknown class weighting {method!r}", remedy="use none, inverse or effective")
    weights = np.where(occurring, 1 / np.where(occurring, effective, 1), 0)
    return np.asarray(weights / weights[occurring].mean(), np.float32)
