"""Scores an instance from its pixels in the network's maps; the score predicts its IoU.

Three features are enough: how sure the network is of the foreground, how much of a split line it finds inside, and how
clearly the instance has a middle. A logistic function of them, fitted on validation images, predicts the intersection
over union (IoU) with the true object, 0 where there is none.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from hooke.targets.fixed_point import SCALE_16BIT

TRAITS = ("logit of the mean foreground", "logarithm of the mean split", "logit of the highest distance")

_NEAR = 1e-3  # logits of shares closer to 0 or 1 than this are not distinguished


class Traits:
    """Sums over each instance's pixels, gathered piece by piece so that no copy of a large image is made.

    Parameters
    ----------
    count : int
        Number of instances; labels are 1..count.
    """

    def __init__(self, count: int) -> None:
        self.area = np.zeros(count + 1, np.int64)
        self._foreground = np.zeros(count + 1)
        self._split = np.zeros(count + 1)
        self._highest = np.zeros(count + 1, np.uint16)
        self._adding = threading.Lock()

    def add(
        self,
        labels: NDArray[np.int32],
        foreground: NDArray[np.uint16],
        split: NDArray[np.uint16],
        distance: NDArray[np.uint16],
    ) -> None:
        """Count in some rows of the image, in any thread; all arrays have the same shape (Y, X)."""
        inside = labels > 0
        owner = labels[inside]
        count = len(self.area)
        area = np.bincount(owner, minlength=count)
        sums = [np.bincount(owner, weights=values[inside], minlength=count) for values in (foreground, split)]
        highest = np.zeros(count, np.uint16)
        np.maximum.at(highest, owner, distance[inside])
        with self._adding:
            self.area += area
            self._foreground += sums[0]
            self._split += sums[1]
            np.maximum(self._highest, highest, out=self._highest)

    @property
    def mean_foreground(self) -> NDArray[np.float32]:
        """Mean foreground probability, shape (count + 1,), the first that of the background: 0."""
        return np.asarray(self._foreground / (np.maximum(self.area, 1) * SCALE_16BIT), np.float32)

    def table(self) -> NDArray[np.float64]:
        """The traits that the score is made of: shape (count + 1, 3), in the order of `TRAITS`."""
        split = self._split / (np.maximum(self.area, 1) * SCALE_16BIT)
        return np.stack(
            [_logit(self.mean_foreground), np.log(split + _NEAR), _logit(self._highest / SCALE_16BIT)], axis=1
        )


def predict_score(table: NDArray[np.float64], weights: Sequence[float]) -> NDArray[np.float32]:
    """Predict the IoU of instances.

    Parameters
    ----------
    table : ndarray, shape (n, 3)
        From `Traits.table`.
    weights : sequence of 4 floats
        The constant, then a weight for each trait; from `fit_score`.

    Returns
    -------
    ndarray of float32, shape (n,)
        0..1.
    """
    return _expit(weights[0] + table @ np.asarray(weights[1:], np.float64)).astype(np.float32)


def fit_score(table: NDArray[np.float64], iou: NDArray[np.floating], penalty: float = 1.0) -> tuple[float, ...]:
    """Fit the weights on instances whose IoU with the truth is known.

    Logistic regression on a share (Papke and Wooldridge 1996) by Newton's method, with a small ridge penalty.

    Parameters
    ----------
    table : ndarray, shape (n, 3)
    iou : ndarray, shape (n,)
        0..1.
    penalty : float
        Weight of the ridge on the standardised traits, in instances.

    Returns
    -------
    tuple of 4 floats
    """
    centre, spread = table.mean(axis=0), np.maximum(table.std(axis=0), 1e-6)
    design = np.column_stack([np.ones(len(table)), (table - centre) / spread])
    ridge = np.diag([0.0, *[penalty] * table.shape[1]])
    weights = np.zeros(design.shape[1])
    for _ in range(50):
        predicted = _expit(design @ weights)
        slope = design.T @ (predicted - iou) + ridge @ weights
        curvature = (design * (predicted * (1 - predicted) + 1e-6)[:, None]).T @ design + ridge
        step = np.linalg.solve(curvature, slope)
        weights -= step
        if np.abs(step).max() < 1e-8:
            break
    plain = weights[1:] / spread
    return (float(weights[0] - plain @ centre), *map(float, plain))


def _logit(share: NDArray[np.floating]) -> NDArray[np.float64]:
    inner = np.clip(share, _NEAR, 1 - _NEAR, dtype=np.float64)
    return np.asarray(np.log(inner / (1 - inner)), np.float64)


def _expit(value: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(1 / (1 + np.exp(-value)), np.float64)
