"""Scores of a classifier: true classes and probabilities in; accuracy, F1, confusion, curves and calibration out.

Definitions are scikit-learn's (`sklearn.metrics`), where it has them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from hooke.errors import ConfigError
from hooke.metrics.bootstrap import RESAMPLES, percentile_interval, resample_groups

__all__ = [
    "Calibration",
    "ClassificationScores",
    "Curves",
    "average_precision_score",
    "calibrate",
    "classification_scores",
    "find_curves",
    "fit_temperature",
    "roc_auc",
    "scores_of_confusion",
]

Floats = NDArray[np.float64]
_BINS = 10
_COLDEST, _HOTTEST = 0.25, 10.0


@dataclass(frozen=True, eq=False)
class Curves:
    """ROC and precision-recall curve of one class against the rest.

    Parameters
    ----------
    false_positive_rate, recall, precision : ndarray of float64, shape (T + 1,)
        As the threshold falls past each score that occurs, from none called positive (precision 1 by convention) to
        all. Recall is the true positive rate.
    auc : float
        Area under the ROC curve; NaN when the class, or the rest, is absent.
    average_precision : float
        Sum of precision over the steps of recall; NaN when the class is absent.
    """

    false_positive_rate: Floats
    recall: Floats
    precision: Floats
    auc: float
    average_precision: float


@dataclass(frozen=True, eq=False)
class Calibration:
    """Whether probabilities are honest: of what is called with 0.8, 80 % should be right.

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


@dataclass(frozen=True, eq=False)
class ClassificationScores:
    """Everything about a classifier on one set of objects.

    Parameters
    ----------
    classes : tuple of str
    confusion : DataFrame
        Counts; rows are true classes, columns predicted ones.
    scores : dict of str to float
        ``accuracy``, ``balanced_accuracy``, ``precision_macro``, ``recall_macro``, ``f1_macro``, ``precision_micro``,
        ``recall_micro``, ``f1_micro``, ``auc_macro``, ``ap_macro`` and ``ece``.
    intervals : dict of str to (float, float)
        95 % bootstrap interval over images of each score that the confusion matrix gives.
    per_class : DataFrame
        A row per class: ``precision``, ``recall``, ``f1``, ``support``, ``auc``, ``ap``.
    curves : dict of str to Curves
    calibration : Calibration
    """

    classes: tuple[str, ...]
    confusion: pd.DataFrame
    scores: dict[str, float]
    intervals: dict[str, tuple[float, float]]
    per_class: pd.DataFrame
    curves: dict[str, Curves]
    calibration: Calibration

    def to_dict(self) -> dict[str, Any]:
        """Give the numbers as plain dictionaries, ready for JSON; the curves stay out."""
        return {
            **self.scores,
            "intervals": {name: list(bounds) for name, bounds in self.intervals.items()},
            "per_class": self.per_class.to_dict(orient="index"),
            "confusion": self.confusion.to_dict(orient="index"),
        }


def classification_scores(
    true: ArrayLike,
    probabilities: ArrayLike,
    classes: Sequence[str],
    images: Sequence[str] | None = None,
    *,
    seed: int = 0,
) -> ClassificationScores:
    """Measure a classifier.

    Parameters
    ----------
    true : array of int, shape (n,)
        Position of each object's true class.
    probabilities : array of float, shape (n, K)
    classes : sequence of str, length K
    images : sequence of str, length n, optional
        The image of each object: objects of one image are drawn together for the intervals. Without it each object
        stands for itself.
    seed : int
        Of the bootstrap.

    Raises
    ------
    ConfigError
        When there is no object, or shapes do not fit.
    """
    of, shares = np.asarray(true, np.int64), np.asarray(probabilities, np.float64)
    if not len(of) or shares.shape != (len(of), len(classes)):
        raise ConfigError(
            f"{len(of)} true classes with probabilities {shares.shape} of {len(classes)} classes",
            remedy="give a row per object and a column per class",
        )
    named = shares.argmax(axis=1)
    matrix = _confusion(of, named, len(classes))
    curves = {name: find_curves(of == number, shares[:, number]) for number, name in enumerate(classes)}
    calibration = calibrate(shares.max(axis=1), named == of)
    aucs, aps = ([getattr(one, part) for one in curves.values()] for part in ("auc", "average_precision"))
    scores = {name: float(value[0]) for name, value in scores_of_confusion(matrix[None]).items()}
    scores |= {"auc_macro": _mean(aucs), "ap_macro": _mean(aps), "ece": calibration.ece}
    per_class = pd.DataFrame({**_per_class(matrix), "auc": aucs, "ap": aps}, index=list(classes))
    groups = [str(one) for one in range(len(of))] if images is None else list(images)
    return ClassificationScores(
        tuple(classes),
        pd.DataFrame(matrix, index=list(classes), columns=list(classes)),
        scores,
        _intervals(of, named, len(classes), groups, seed),
        per_class,
        curves,
        calibration,
    )


def scores_of_confusion(matrices: NDArray[np.integer]) -> dict[str, Floats]:
    """Read accuracy, and precision, recall and F1 (macro, micro), off confusion matrices.

    Parameters
    ----------
    matrices : ndarray of int, shape (n, K, K)
        Rows are true classes, columns predicted ones.

    Returns
    -------
    dict of str to ndarray of float64, shape (n,)
        Macro means go over the classes that occur, truly or as called; balanced accuracy over those that occur truly.
        With one class for each object the three micro scores are the accuracy.
    """
    hit = np.diagonal(matrices, axis1=1, axis2=2).astype(np.float64)
    truly, called = matrices.sum(axis=2), matrices.sum(axis=1)
    occurs = (truly + called) > 0
    precision, recall, f1 = _ratio(hit, called), _ratio(hit, truly), _ratio(2 * hit, truly + called)
    accuracy = _ratio(hit.sum(axis=1), truly.sum(axis=1))
    macro = {
        f"{name}_macro": _mean_where(one, occurs)
        for name, one in (("precision", precision), ("recall", recall), ("f1", f1))
    }
    micro = dict.fromkeys(("precision_micro", "recall_micro", "f1_micro"), accuracy)
    return {"accuracy": accuracy, "balanced_accuracy": _mean_where(recall, truly > 0), **macro, **micro}


def find_curves(positive: NDArray[np.bool_], score: Floats) -> Curves:
    """Follow ROC and precision-recall of one class as the threshold falls.

    Parameters
    ----------
    positive : ndarray of bool, shape (n,)
    score : ndarray of float, shape (n,)
        The higher, the surer.

    Examples
    --------
    >>> curves = find_curves(np.array([False, False, True, True]), np.array([0.1, 0.4, 0.35, 0.8]))
    >>> curves.auc, round(curves.average_precision, 4)
    (0.75, 0.8333)
    """
    order = np.argsort(-score, kind="stable")
    hits = np.cumsum(positive[order])
    # Equal scores fall together: only the last of each counts.
    last = np.append(np.flatnonzero(np.diff(score[order])), len(score) - 1) if len(score) else np.zeros(0, int)
    tp, called = hits[last].astype(np.float64), last + 1.0
    n_true, n_false = int(positive.sum()), int((~positive).sum())
    recall = np.append(0.0, tp / n_true if n_true else np.full(len(tp), np.nan))
    false_rate = np.append(0.0, (called - tp) / n_false if n_false else np.full(len(tp), np.nan))
    precision = np.append(1.0, tp / called)
    auc = float(np.sum(np.diff(false_rate) * (recall[1:] + recall[:-1]) / 2)) if n_true and n_false else float("nan")
    ap = float(np.sum(np.diff(recall) * precision[1:])) if n_true else float("nan")
    return Curves(false_rate, recall, precision, auc, ap)


def roc_auc(positive: NDArray[np.bool_], score: Floats) -> float:
    """Area under the ROC curve: the chance that a positive scores higher than a negative."""
    return find_curves(positive, score).auc


def average_precision_score(positive: NDArray[np.bool_], score: Floats) -> float:
    """Area under the precision-recall curve, as a sum of steps."""
    return find_curves(positive, score).average_precision


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
    of = np.clip(np.ceil(confidence * bins).astype(int) - 1, 0, bins - 1)
    count = np.bincount(of, minlength=bins)
    held = count > 0
    sure = np.bincount(of, weights=confidence, minlength=bins)[held] / count[held]
    accuracy = np.bincount(of, weights=right, minlength=bins)[held] / count[held]
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
    """Find the temperature that raw scores are divided by before the softmax, so that probabilities are honest.

    Temperature scaling (Guo et al. 2017, section 4.2): the one that makes the true classes likeliest. It is sought on
    a grid of one-percent steps from 0.25 to 10: a few objects that are all named rightly would ask for 0.

    Parameters
    ----------
    raw : array of float, shape (n, K)
    true : array of int, shape (n,)
    """
    scores, of = np.asarray(raw, np.float64), np.asarray(true, np.int64)
    if not len(of):
        return 1.0
    candidates = np.exp(np.linspace(np.log(_COLDEST), np.log(_HOTTEST), 400))

    def loss(temperature: float) -> float:
        scaled = scores / temperature
        scaled = scaled - scaled.max(axis=1, keepdims=True)
        return float(np.mean(np.log(np.exp(scaled).sum(axis=1)) - scaled[np.arange(len(of)), of]))

    return round(float(candidates[np.argmin([loss(one) for one in candidates])]), 3)


def _confusion(true: NDArray[np.int64], named: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    return np.bincount(true * count + named, minlength=count**2).reshape(count, count)


def _intervals(
    true: NDArray[np.int64], named: NDArray[np.int64], count: int, groups: Sequence[str], seed: int
) -> dict[str, tuple[float, float]]:
    """Resample images; the matrix of a resampled set is the sum of its images' matrices."""
    names, of = np.unique(np.asarray(groups, dtype=str), return_inverse=True)
    cell = of * count**2 + true * count + named
    each = np.bincount(cell, minlength=len(names) * count**2).reshape(len(names), -1)
    drawn = resample_groups(names.tolist(), RESAMPLES, np.random.default_rng(seed))
    values = scores_of_confusion((drawn @ each).reshape(-1, count, count))
    return {name: percentile_interval(value) for name, value in values.items()}


def _per_class(matrix: NDArray[np.int64]) -> dict[str, NDArray[np.generic]]:
    hit = np.diagonal(matrix).astype(np.float64)
    truly, called = matrix.sum(axis=1), matrix.sum(axis=0)
    return {
        "precision": _ratio(hit, called),
        "recall": _ratio(hit, truly),
        "f1": _ratio(2 * hit, truly + called),
        "support": truly,
    }


def _ratio(part: Floats, whole: NDArray[np.generic]) -> Floats:
    """Divide; 0 where there is nothing to divide by."""
    total = np.asarray(whole, np.float64)
    return np.divide(part, total, out=np.zeros_like(total), where=total > 0)


def _mean_where(values: Floats, kept: NDArray[np.bool_]) -> Floats:
    return _ratio(np.where(kept, values, 0).sum(axis=1), kept.sum(axis=1))


def _mean(values: Sequence[float]) -> float:
    known = [one for one in values if not np.isnan(one)]
    return float(np.mean(known)) if known else float("nan")
