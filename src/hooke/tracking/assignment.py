"""Solves assignment problems by laptrack: who is linked to whom, at what cost.

laptrack (Jaqaman et al. 2008, "Robust single-particle tracking in live-cell time-lapse sequences") lays out the cost
matrix and has it solved. Its own `LapTrack.predict` calls a Python function for every pair of objects of two frames and
holds all objects in a graph: a thousand frames of a thousand objects would take hours and gigabytes. So hooke gives
it the few pairs that can be links, with their costs, and every cost of "no link" explicitly: where none is given,
laptrack takes them from the 90th percentile of all costs, and gaps and divisions get lost beside many objects.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hooke.errors import ConfigError
from hooke.extras import how_to_install

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

_ABOVE = 1.05  # of the limit, what two objects cost together that are left without a link; laptrack's own factor


@dataclass(frozen=True, eq=False)
class Pairs:
    """Pairs that may be linked, and their costs.

    Parameters
    ----------
    rows, columns : int
        Objects on either side.
    row, column : ndarray of int64, shape (K,)
        Position of each pair's objects, each pair once.
    cost : ndarray of float64, shape (K,)
        At least 0.
    """

    rows: int
    columns: int
    row: Ints
    column: Ints
    cost: Floats

    @classmethod
    def none(cls, rows: int, columns: int = 0) -> Pairs:
        """No pair."""
        return cls(rows, columns, np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0))

    def below(self, limit: float) -> Pairs:
        """Those that cost less than a limit."""
        keep = self.cost < limit
        return Pairs(self.rows, self.columns, self.row[keep], self.column[keep], self.cost[keep])

    def matrix(self) -> Any:
        """As laptrack takes it."""
        builder = _laptrack("_coo_matrix_builder").coo_matrix_builder
        shape = (self.rows, self.columns)
        return builder(shape, row=self.row, col=self.column, data=self.cost, dtype=np.float32)


def assign(pairs: Pairs, limit: float) -> tuple[Ints, Ints]:
    """Choose pairs so that each object is in one at most and the sum of costs is least.

    Parameters
    ----------
    pairs : Pairs
    limit : float
        Pairs that cost as much or more are never linked. To leave two objects without a link costs 1.05 times as much:
        were it far more, one object that is missed would shift the links of all its neighbours.

    Returns
    -------
    row, column : ndarray of int64, shape (L,)
        The pairs chosen, by increasing row.
    """
    pairs = pairs.below(limit)
    if not len(pairs.cost):
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    # A pair without a rival is a link in every solution; most are, and the matrix is small without them.
    in_row = np.bincount(pairs.row, minlength=pairs.rows)
    in_column = np.bincount(pairs.column, minlength=pairs.columns)
    alone = (in_row[pairs.row] == 1) & (in_column[pairs.column] == 1)
    rows, row = np.unique(pairs.row[~alone], return_inverse=True)
    columns, column = np.unique(pairs.column[~alone], return_inverse=True)
    chosen_row, chosen_column = pairs.row[alone], pairs.column[alone]
    if len(rows):
        # laptrack adds the least of all costs to every link: a pair of its own that costs nothing makes it 0.
        row, column = np.append(row, len(rows)), np.append(column, len(columns))
        contested = Pairs(len(rows) + 1, len(columns) + 1, row, column, np.append(pairs.cost[~alone], 0.0))
        build = _laptrack("_cost_matrix").build_frame_cost_matrix
        no_link = _ABOVE * limit / 2
        matrix = build(contested.matrix(), track_start_cost=no_link, track_end_cost=no_link)
        goes_to, _ = _laptrack("_optimization").lap_optimization(matrix)
        linked = np.flatnonzero(goes_to[: len(rows)] < len(columns))
        chosen_row = np.concatenate([chosen_row, rows[linked]])
        chosen_column = np.concatenate([chosen_column, columns[goes_to[linked]]])
    order = np.argsort(chosen_row, kind="stable")
    return chosen_row[order], chosen_column[order]


@dataclass(frozen=True, eq=False)
class SegmentLinks:
    """How segments (stretches of a track without a gap) continue.

    Parameters
    ----------
    continues : ndarray of int64, shape (S,)
        For each segment, the one that continues it after a gap; -1 for none.
    splits_from, merges_into : ndarray of int64, shape (S,)
        For each segment, the candidate (position among those given) that its start came out of, and that its end went
        into; -1 for none.
    """

    continues: Ints
    splits_from: Ints
    merges_into: Ints


def assign_segments(gaps: Pairs, splits: Pairs, merges: Pairs, limit: float) -> SegmentLinks:
    """Close gaps and find splits and merges in one assignment.

    Parameters
    ----------
    gaps : Pairs
        Ends of segments (rows) and starts of segments (columns), both numbered as the segments are.
    splits : Pairs
        Starts of segments (rows) and the objects that they may come out of (columns).
    merges : Pairs
        Ends of segments (rows) and the objects that they may go into (columns).
    limit : float
        Pairs that cost as much or more are never linked.
    """
    gaps, splits, merges = gaps.below(limit), splits.below(limit), merges.below(limit)
    count = gaps.rows
    none = np.full(count, -1, np.int64)
    found = SegmentLinks(none.copy(), none.copy(), none.copy())
    # Segments that no pair names take no part; the matrix is small without them.
    taking_part = np.unique(np.concatenate([gaps.row, gaps.column, splits.row, merges.row]))
    if not len(taking_part):
        return found
    place = np.full(count, -1, np.int64)
    place[taking_part] = np.arange(len(taking_part))
    size = len(taking_part)
    split_from, split_column = np.unique(splits.column, return_inverse=True)
    merge_into, merge_column = np.unique(merges.column, return_inverse=True)
    # Here laptrack adds the least of these to every link, and not the least of all costs.
    no_link = _ABOVE * limit
    matrix = _laptrack("_cost_matrix").build_segment_cost_matrix(
        Pairs(size, size, place[gaps.row], place[gaps.column], gaps.cost).matrix(),
        Pairs(size, len(split_from), place[splits.row], split_column, splits.cost).matrix(),
        Pairs(size, len(merge_into), place[merges.row], merge_column, merges.cost).matrix(),
        no_link,  # that a segment starts
        no_link,  # that it ends
        no_link,  # that nothing splits
        no_link,  # that nothing merges
    )
    goes_to, comes_from = _laptrack("_optimization").lap_optimization(matrix)
    goes_to, comes_from = goes_to[:size], comes_from[:size]
    ends = goes_to < size
    found.continues[taking_part[ends]] = taking_part[goes_to[ends]]
    into = (goes_to >= size) & (goes_to < size + len(merge_into))
    found.merges_into[taking_part[into]] = merge_into[goes_to[into] - size]
    out_of = (comes_from >= size) & (comes_from < size + len(split_from))
    found.splits_from[taking_part[out_of]] = split_from[comes_from[out_of] - size]
    return found


def check_installed() -> None:
    """Refuse to begin what needs laptrack where it is missing.

    Raises
    ------
    ConfigError
        When it can't be imported.
    """
    _laptrack("_optimization")


def _laptrack(module: str) -> Any:
    """One of laptrack's modules: those that lay out and solve the problem are not among its public names."""
    import importlib

    try:
        return importlib.import_module(f"laptrack.{module}")
    except ImportError as error:
        remedy = f"install laptrack 0.17 ({how_to_install('track')})"
        raise ConfigError(f"linking needs laptrack, which can't be imported ({error})", remedy=remedy) from error
