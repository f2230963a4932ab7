"""Which predicted object is which true one: an `Overlap` and an IoU threshold in, pairs and counts out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import min_weight_full_bipartite_matching

from hooke.metrics.counts import Counts
from hooke.metrics.overlap import Overlap

__all__ = ["Matching", "assign_pairs", "match"]


@dataclass(frozen=True, eq=False)
class Matching:
    """Pairs of a predicted and a true object that show the same thing.

    Parameters
    ----------
    threshold : float
        The smallest IoU of a pair.
    pred_ids, true_ids : ndarray of int64, shape (TP,)
        Labels of the two objects of each pair; no label occurs twice.
    iou : ndarray of float64, shape (TP,)
        Intersection over union of each pair.
    counts : Counts
        Objects matched (tp), predicted without a partner (fp), true without a partner (fn).
    """

    threshold: float
    pred_ids: NDArray[np.int64]
    true_ids: NDArray[np.int64]
    iou: NDArray[np.float64]
    counts: Counts


def match(overlap: Overlap, threshold: float = 0.5) -> Matching:
    """Match objects one to one whose intersection over union is at least `threshold`.

    Over 0.5 an object has one candidate at most (Kirillov et al. 2019, "Panoptic segmentation", section 4.1). At 0.5 it
    can have two, each half of it, and below many: then as many pairs as possible are made and, among equally many,
    those of the largest summed IoU. This counts IoU = threshold as a match, as StarDist and Cellpose do.

    Parameters
    ----------
    overlap : Overlap
        From `count_overlap(pred, truth)`.
    threshold : float
        Over 0 up to 1.

    Returns
    -------
    Matching

    Raises
    ------
    ValueError
        When the threshold is not over 0 and up to 1.

    Examples
    --------
    >>> from hooke.metrics import count_overlap
    >>> halves, whole = [[1, 1, 2, 2]], [[9, 9, 9, 9]]
    >>> match(count_overlap(halves, whole), 0.5).counts
    Counts(tp=1, fp=1, fn=0)
    """
    if not 0 < threshold <= 1:
        raise ValueError(f"IoU threshold is {threshold}; it must be over 0 and up to 1")
    candidate = np.flatnonzero(overlap.iou >= threshold)
    rows, columns, iou = overlap.pair_true[candidate], overlap.pair_pred[candidate], overlap.iou[candidate]
    # Each pair is worth more than all the IoU that could be won by making one pair fewer.
    worth = 1 + iou / (len(iou) + 1)
    chosen = assign_pairs(rows, columns, worth)
    tp = int(chosen.sum())
    return Matching(
        threshold=threshold,
        pred_ids=overlap.pred_ids[columns[chosen]],
        true_ids=overlap.true_ids[rows[chosen]],
        iou=iou[chosen],
        counts=Counts(tp, overlap.n_pred - tp, overlap.n_true - tp),
    )


def assign_pairs(rows: NDArray[np.int64], columns: NDArray[np.int64], worth: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Choose pairs so that no row and no column is taken twice and their worth sums to the most.

    The assignment problem, solved on the candidate pairs alone (Jonker and Volgenant 1987, sparse form): a tissue of
    20 000 cells that all touch is one problem, too large for a matrix.

    Parameters
    ----------
    rows, columns : ndarray of int64, shape (K,)
        The two members of each candidate pair; no pair occurs twice.
    worth : ndarray of float64, shape (K,)
        What a pair adds when chosen; over 0.

    Returns
    -------
    ndarray of bool, shape (K,)
        True for the pairs chosen.
    """
    rivals = (np.bincount(rows)[rows] > 1) | (np.bincount(columns)[columns] > 1)
    chosen = ~rivals
    chosen[rivals] = _best_of_rivals(rows[rivals], columns[rivals], worth[rivals])
    return chosen


def _best_of_rivals(
    rows: NDArray[np.int64], columns: NDArray[np.int64], worth: NDArray[np.float64]
) -> NDArray[np.bool_]:
    row_ids, row = np.unique(rows, return_inverse=True)
    column_ids, column = np.unique(columns, return_inverse=True)
    n_rows, n_columns = len(row_ids), len(column_ids)
    # Each row may also take a column of its own that is worth nothing, so that an assignment of all rows exists. All
    # worths are raised by 1, as the solver takes a stored 0 for no pair; that moves every assignment's sum alike.
    spare = np.arange(n_rows)
    raised = np.concatenate((worth, np.zeros(n_rows))) + 1
    at = (np.concatenate((row, spare)), np.concatenate((column, n_columns + spare)))
    graph = csr_matrix((raised, at), shape=(n_rows, n_columns + n_rows))
    taken_row, taken_column = min_weight_full_bipartite_matching(graph, maximize=True)
    column_of_row = np.empty(n_rows, np.int64)
    column_of_row[taken_row] = taken_column
    best: NDArray[np.bool_] = column_of_row[row] == column
    return best
