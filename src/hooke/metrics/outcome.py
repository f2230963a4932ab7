"""Assigns each object without a match one kind of error."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hooke.labels.overlap import Overlap
from hooke.metrics.matching import Matching

MATCHED = "matched"
#: Kinds of error, in the order in which they are tested: an object is of the first kind that fits.
ERRORS = {
    "merged": "shares a predicted object that covers most of two or more true ones",
    "split": "is a true object that holds most of two or more predicted ones, or one of these",
    "missed": "is a true object that nothing predicted overlaps with an IoU of 0.1 or more",
    "spurious": "is a predicted object that overlaps nothing true with an IoU of 0.1 or more",
    "touching": "is found with a wrong outline, where true objects touch each other",
    "outline": "is found with a wrong outline, and touches no other",
}
_OUTCOMES = (MATCHED, *ERRORS)
_HALF = 0.5
# Below it two objects only graze each other: Bolya et al. 2020, "TIDE: a general toolbox for identifying object
# detection errors", section 2.2.
_GRAZING = 0.1


@dataclass(frozen=True, eq=False)
class Outcomes:
    """What became of each object: ``matched``, or one of `ERRORS`.

    Parameters
    ----------
    true, pred : ndarray of str, shape (T,) and (P,)
        In the order of `Overlap.true_ids` and `Overlap.pred_ids`.
    """

    true: NDArray[np.str_]
    pred: NDArray[np.str_]


def find_outcomes(overlap: Overlap, matching: Matching, true_touches: NDArray[np.bool_]) -> Outcomes:
    """Give every object that has no partner the reason.

    An object "covers most" of another when it holds more than half of its pixels. Each object has exactly one outcome,
    so that matched + errors = objects on either side. Only objects without a partner are errors: a true object that is
    found well although the same prediction swallowed a small neighbour is matched, and the neighbour is ``merged``.

    Parameters
    ----------
    overlap : Overlap
        From `count_overlap(pred, truth)`.
    matching : Matching
        From `match(overlap, threshold)`.
    true_touches : ndarray of bool, shape (T,)
        `Objects.touches_object` of the truth.

    Returns
    -------
    Outcomes

    Examples
    --------
    >>> from hooke.metrics import count_overlap, match
    >>> one, two = [[0, 4, 4, 4, 4, 0]], [[0, 1, 1, 2, 2, 0]]
    >>> merged = count_overlap(pred=one, truth=two)
    >>> find_outcomes(merged, match(merged, 0.6), np.ones(2, bool)).true.tolist()
    ['merged', 'merged']
    >>> split = count_overlap(pred=two, truth=one)
    >>> find_outcomes(split, match(split, 0.6), np.zeros(1, bool)).pred.tolist()
    ['split', 'split']
    """
    true, pred, n_true, n_pred = overlap.pair_true, overlap.pair_pred, overlap.n_true, overlap.n_pred
    in_pred = overlap.intersection > _HALF * overlap.true_areas[true]  # most of the true one lies in the predicted one
    in_true = overlap.intersection > _HALF * overlap.pred_areas[pred]
    merges = np.bincount(pred[in_pred], minlength=n_pred) > 1
    splits = np.bincount(true[in_true], minlength=n_true) > 1
    best_of_true, best_of_pred = np.zeros(n_true), np.zeros(n_pred)
    np.maximum.at(best_of_true, true, overlap.iou)
    np.maximum.at(best_of_pred, pred, overlap.iou)
    near_touching = np.bincount(pred[true_touches[true] & (overlap.iou >= _GRAZING)], minlength=n_pred) > 0
    merged_true, split_pred = np.zeros(n_true, bool), np.zeros(n_pred, bool)
    merged_true[true[in_pred & merges[pred]]] = True
    split_pred[pred[in_true & splits[true]]] = True
    return Outcomes(
        true=_first(
            {
                MATCHED: np.isin(overlap.true_ids, matching.true_ids),
                "merged": merged_true,
                "split": splits,
                "missed": best_of_true < _GRAZING,
                "touching": true_touches,
            }
        ),
        pred=_first(
            {
                MATCHED: np.isin(overlap.pred_ids, matching.pred_ids),
                "merged": merges,
                "split": split_pred,
                "spurious": best_of_pred < _GRAZING,
                "touching": near_touching,
            }
        ),
    )


def _first(conditions: dict[str, NDArray[np.bool_]]) -> NDArray[np.str_]:
    """Name of the first condition that holds for each object, ``outline`` where none does."""
    outcome: NDArray[np.str_] = np.select(list(conditions.values()), list(conditions), "outline")
    return outcome
