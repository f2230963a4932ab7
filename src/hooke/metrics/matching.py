"""Matches predicted objects with true ones, one to one, by their IoU.

The assignment is solved here and not by scipy: the core of hooke works without scipy, and scipy's solver of dense
problems (`linear_sum_assignment`) needs a matrix of all objects of a tissue, where only pairs that touch matter. It is
tested against scipy.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from heapq import heappop, heappush

import numpy as np
from numpy.typing import NDArray

from hooke.labels.overlap import Overlap
from hooke.metrics.counts import Counts


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

    The assignment problem, solved on the candidate pairs alone: a tissue of 20 000 cells that all touch is one problem,
    too large for a matrix. Rows are added one by one, each along the path that costs least and ends at a free column
    or gives up a row (Jonker and Volgenant 1987, "A shortest augmenting path algorithm for dense and sparse linear
    assignment problems", Computing 38).

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
    costs: list[list[tuple[int, float]]] = [[] for _ in row_ids]
    for r, c, value in zip(row.tolist(), column.tolist(), worth.tolist(), strict=True):
        costs[r].append((c, -value))
    assignment = _Assignment(costs, len(column_ids))
    for r in range(len(row_ids)):
        assignment.add(r)
    best: NDArray[np.bool_] = np.array(assignment.column_of)[row] == column
    return best


class _Assignment:
    """The cheapest assignment of the rows added so far; a row may stay without a column at no cost.

    Prices are the dual variables: a pair's cost less the prices of its row and its column, its slack, is 0 for pairs
    taken and never negative, so that Dijkstra's search finds the cheapest path.
    """

    def __init__(self, costs: list[list[tuple[int, float]]], n_columns: int) -> None:
        self.costs = costs  # of each row: column and cost of its pairs
        self.column_of = [-1] * len(costs)
        self.row_of = [-1] * n_columns
        self.row_price = [0.0] * len(costs)
        self.column_price = [0.0] * n_columns

    def add(self, row: int) -> None:
        """Give a row its column, moving others where that is cheaper."""
        self.row_price[row] = min(0.0, *(cost - self.column_price[column] for column, cost in self.costs[row]))
        path = self._cheapest_path(row)
        for scanned, distance in path.rows.items():
            self.row_price[scanned] += path.length - distance
        for settled, distance in path.columns.items():
            self.column_price[settled] -= path.length - distance
        column = path.last
        if path.idle >= 0:
            column, self.column_of[path.idle] = self.column_of[path.idle], -1
        while column >= 0:
            taker = path.taker[column]
            self.row_of[column] = taker
            column, self.column_of[taker] = self.column_of[taker], column

    def _cheapest_path(self, row: int) -> _Path:
        """Dijkstra's search, by slack, from a row to a free column or to a row that may as well stay without."""
        path = _Path()
        reached: dict[int, float] = {}
        queue: list[tuple[float, int]] = []
        distance, idle = 0.0, (math.inf, -1)
        while True:
            path.rows[row] = distance
            idle = min(idle, (distance - self.row_price[row], row))
            for column, cost in self.costs[row]:
                further = distance + cost - self.row_price[row] - self.column_price[column]
                if column not in path.columns and further < reached.get(column, math.inf):
                    reached[column], path.taker[column] = further, row
                    heappush(queue, (further, column))
            while queue and queue[0][1] in path.columns:
                heappop(queue)
            if not queue or queue[0][0] >= idle[0]:
                path.length, path.idle = idle
                return path
            distance, column = heappop(queue)
            path.columns[column] = distance
            row = self.row_of[column]
            if row < 0:
                path.length, path.last = distance, column
                return path


@dataclass
class _Path:
    """What a search came by, and where it ended: at a free column, or at a row that goes without."""

    rows: dict[int, float] = field(default_factory=dict)  # with their distances
    columns: dict[int, float] = field(default_factory=dict)
    taker: dict[int, int] = field(default_factory=dict)  # of each column, the row before it
    length: float = 0.0
    last: int = -1
    idle: int = -1
