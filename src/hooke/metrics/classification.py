"""Scores a classifier: accuracy, F1, confusion matrix, curves and calibration.

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
from hooke.labels.classes import UNKNOWN
from hooke.metrics.bootstrap import RESAMPLES, percentile_interval, resample_groups
from hooke.metrics.calibration import Calibration, calibrate

Floats = NDArray[np.float64]
#: Column of a confusion matrix for answers that are none of the classes.
OTHER = f"{UNKNOWN} or other"


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
class ClassificationScores:
    """Everything about a classifier on one set of objects.

    Parameters
    ----------
    classes : tuple of str
    confusion : DataFrame
        Counts; rows are true classes, columns predicted ones, then `OTHER` where an answer is none of the classes.
    scores : dict of str to float
        ``accuracy``, ``balanced_accuracy``, ``precision_macro``, ``recall_macro``, ``f1_macro``, ``precision_micro``,
        ``recall_micro``, ``f1_micro``; with probabilities ``auc_macro``, ``ap_macro`` and ``ece``.
    intervals : dict of str to (float, float)
        95 % bootstrap interval over images of each score that the confusion matrix gives.
    per_class : DataFrame
        A row per class: ``precision``, ``recall``, ``f1``, each with its interval (``precision_low``,
        ``precision_high`` …), ``support``; with probabilities ``auc`` and ``ap``.
    curves : dict of str to Curves
        Empty without probabilities.
    calibration : Calibration or None
        Of the most probable class, even if the answer was another; None without probabilities.
    """

    classes: tuple[str, ...]
    confusion: pd.DataFrame
    scores: dict[str, float]
    intervals: dict[str, tuple[float, float]]
    per_class: pd.DataFrame
    curves: dict[str, Curves]
    calibration: Calibration | None

    @property
    def objects(self) -> int:
        """Objects that were judged."""
        return int(self.confusion.to_numpy().sum())

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
    probabilities: ArrayLike | None,
    classes: Sequence[str],
    images: Sequence[str] | None = None,
    *,
    answers: ArrayLike | None = None,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> ClassificationScores:
    """Measure a classifier.

    Parameters
    ----------
    true : array of int, shape (n,)
        Position of each object's true class.
    probabilities : array of float, shape (n, K), optional
        Without it there are no curves and no calibration, and `answers` is needed.
    classes : sequence of str, length K
    images : sequence of str, length n, optional
        The image of each object: objects of one image are drawn together for the intervals. Without it each object
        stands for itself.
    answers : array of int, shape (n,), optional
        Position of the class that each object was given, by default its most probable one. K stands for any other
        answer, such as unknown: it is wrong, and a false alarm of no class.
    resamples : int
        Data sets drawn for the intervals; 0 for none.
    seed : int
        Of the bootstrap.

    Raises
    ------
    ConfigError
        When there is no object, or shapes do not fit.
    """
    truth = np.asarray(true, np.int64)
    shares = None if probabilities is None else np.asarray(probabilities, np.float64)
    named = _answers(truth, shares, answers, classes)
    wide = len(classes) + int((named == len(classes)).any())
    cells = truth * wide + named
    matrix = np.bincount(cells, minlength=len(classes) * wide).reshape(len(classes), wide)
    groups = [str(row) for row in range(len(truth))] if images is None else list(images)
    drawn = _resample(cells, matrix.shape, groups, resamples, seed)
    scores = {name: float(value[0]) for name, value in scores_of_confusion(matrix[None]).items()}
    per_class = pd.DataFrame(_per_class(matrix, drawn), index=list(classes))
    curves, calibration = {}, None
    if shares is not None:
        curves = {name: find_curves(truth == number, shares[:, number]) for number, name in enumerate(classes)}
        calibration = calibrate(shares.max(axis=1), shares.argmax(axis=1) == truth)
        aucs, aps = ([getattr(curve, part) for curve in curves.values()] for part in ("auc", "average_precision"))
        scores |= {"auc_macro": _mean(aucs), "ap_macro": _mean(aps), "ece": calibration.ece}
        per_class = per_class.assign(auc=aucs, ap=aps)
    return ClassificationScores(
        tuple(classes),
        pd.DataFrame(matrix, index=list(classes), columns=[*classes, OTHER][:wide]),
        scores,
        {name: percentile_interval(value) for name, value in scores_of_confusion(drawn).items() if len(drawn)},
        per_class,
        curves,
        calibration,
    )


def scores_of_confusion(matrices: NDArray[np.integer]) -> dict[str, Floats]:
    """Read accuracy, and precision, recall and F1 (macro, micro), off confusion matrices.

    Parameters
    ----------
    matrices : ndarray of int, shape (n, K, K or more)
        Rows are true classes, columns predicted ones; further columns are answers that are always wrong.

    Returns
    -------
    dict of str to ndarray of float64, shape (n,)
        Macro means go over the classes that occur, truly or as called; balanced accuracy over those that occur truly.
        With one of the classes for each object the three micro scores are the accuracy.
    """
    hit, truly, called = _margins(matrices)
    occurs = (truly + called) > 0
    of_class = _ratios(hit, truly, called)
    of_all = _ratios(*(part.sum(axis=1) for part in (hit, truly, called)))
    macro = {f"{name}_macro": _mean_where(values, occurs) for name, values in of_class.items()}
    micro = {f"{name}_micro": values for name, values in of_all.items()}
    balanced = _mean_where(of_class["recall"], truly > 0)
    return {"accuracy": of_all["recall"], "balanced_accuracy": balanced, **macro, **micro}


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


def _answers(
    true: NDArray[np.int64], shares: Floats | None, answers: ArrayLike | None, classes: Sequence[str]
) -> NDArray[np.int64]:
    """Position of the class that each object was given; the arguments are checked on the way."""
    count = len(classes)
    if not len(true) or (shares is not None and shares.shape != (len(true), count)):
        given = "none" if shares is None else str(shares.shape)
        raise ConfigError(
            f"{len(true)} true classes with probabilities {given} of {count} classes",
            remedy="give a row per object and a column per class",
        )
    if answers is None and shares is None:
        raise ConfigError("neither probabilities nor answers", remedy="give one of them")
    named = np.asarray(shares.argmax(axis=1) if answers is None and shares is not None else answers, np.int64)
    if named.shape != true.shape or ((named < 0) | (named > count)).any():
        raise ConfigError("answers are not positions of classes", remedy=f"give one per object, 0 to {count}")
    return named


def _resample(
    cells: NDArray[np.int64], shape: tuple[int, ...], groups: Sequence[str], resamples: int, seed: int
) -> NDArray[np.int64]:
    """Confusion matrices of resampled images, (resamples, K, columns): each is the sum of its images' matrices."""
    size = int(np.prod(shape))
    names, owner = np.unique(np.asarray(groups, dtype=str), return_inverse=True)
    per_group = np.bincount(owner * size + cells, minlength=len(names) * size).reshape(len(names), size)
    drawn = resample_groups(names.tolist(), resamples, np.random.default_rng(seed))
    return np.asarray((drawn @ per_group).reshape(-1, *shape), np.int64)


def _margins(matrices: NDArray[np.integer]) -> tuple[Floats, Floats, Floats]:
    """Of confusion matrices (n, K, columns): right, truly there, and called, each (n, K)."""
    hit = np.diagonal(matrices, axis1=1, axis2=2)
    called = matrices.sum(axis=1)[:, : hit.shape[1]]
    return hit.astype(np.float64), matrices.sum(axis=2).astype(np.float64), called.astype(np.float64)


def _ratios(hit: Floats, truly: Floats, called: Floats) -> dict[str, Floats]:
    return {"precision": _ratio(hit, called), "recall": _ratio(hit, truly), "f1": _ratio(2 * hit, truly + called)}


def _per_class(matrix: NDArray[np.integer], drawn: NDArray[np.int64]) -> dict[str, NDArray[np.generic]]:
    """Columns of `ClassificationScores.per_class` that a confusion matrix gives."""
    columns: dict[str, NDArray[np.generic]] = {}
    resampled = _ratios(*_margins(drawn))
    for name, values in _ratios(*_margins(matrix[None])).items():
        columns[name] = values[0]
        if len(drawn):
            bounds = [percentile_interval(column) for column in resampled[name].T]
            columns[f"{name}_low"], columns[f"{name}_high"] = np.array(bounds).T
    return {**columns, "support": matrix.sum(axis=1)}


def _ratio(part: Floats, whole: NDArray[np.generic]) -> Floats:
    """Divide; 0 where there is nothing to divide by."""
    total = np.asarray(whole, np.float64)
    return np.divide(part, total, out=np.zeros_like(total), where=total > 0)


def _mean_where(values: Floats, kept: NDArray[np.bool_]) -> Floats:
    return _ratio(np.where(kept, values, 0).sum(axis=1), kept.sum(axis=1))


def _mean(values: Sequence[float]) -> float:
    known = [value for value in values if not np.isnan(value)]
    return float(np.mean(known)) if known else float("nan")
