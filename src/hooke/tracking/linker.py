"""Links the objects of two label images by overlap and distance.

The two images are neighbouring frames or neighbouring planes of one size. What both have in common is here: which pairs
can be links, what each costs, and the assignment. What only time has (gaps, divisions, drift) is beside it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hooke.errors import ConfigError
from hooke.labels import count_overlap
from hooke.tracking.assignment import Pairs, assign
from hooke.tracking.planes import Floats, Ints, Plane, list_objects

#: Pairs that cost this much are never linked.
LIMIT = 2.0
_MOST_AREA = 1.0
_DISTANCE = 1.0  # at the largest distance
_AREA = 0.25  # at twice or half the area, or at as many octaves as are given; four times as much at the most
_OVERLAP = 0.25  # without any overlap
_SHAPE, _MOST_SHAPE = 0.25, 1.0
_CLASS = 0.5


@dataclass(frozen=True, eq=False)
class Links:
    """Links between the objects of two planes.

    Parameters
    ----------
    before, after : ndarray of int64, shape (L,)
        Labels in the first and the second plane.
    cost : ndarray of float64, shape (L,)
        0 for the same place, size and class; below 2.
    shared : ndarray of int64, shape (L,)
        Pixels that both cover.
    extra : ndarray of bool, shape (L,)
        Whether the link came on top of the one that an object has at most: see `link_planes`, `several`.
    """

    before: Ints
    after: Ints
    cost: Floats
    shared: Ints
    extra: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.before)


@dataclass(frozen=True, eq=False)
class Candidates:
    """Pairs of objects of two planes that may be links.

    Parameters
    ----------
    before, after : ndarray of int64, shape (K,)
        Positions in the two planes' lists.
    cost : ndarray of float64, shape (K,)
    distance : ndarray of float64, shape (K,)
        Between centroids, drift taken out, in pixels.
    shared : ndarray of int64, shape (K,)
        Pixels that both cover.
    """

    before: Ints
    after: Ints
    cost: Floats
    distance: Floats
    shared: Ints


def link_planes(
    before: NDArray[np.integer],
    after: NDArray[np.integer],
    *,
    max_distance: float = 0.0,
    min_overlap: float = 0.0,
    several: bool = False,
    drift: tuple[int, int] = (0, 0),
) -> Links:
    """Link the objects of two label images, each to one of the other image at most.

    Pairs that overlap, or whose centroids are near, are candidates. What a pair costs grows with its distance, the
    change in area, and what it does not share; laptrack finds the links whose costs add up to least.

    Parameters
    ----------
    before, after : ndarray of integer, shape (Y, X)
        Label images of one size; 0 is background.
    max_distance : float
        Pixels between the centroids of two objects that may be linked without any overlap; 0: those that overlap alone.
    min_overlap : float
        Share (0..1) of the smaller of two objects that must lie in the other where they are farther apart.
    several : bool
        Whether an object left without a link joins the one that covers most of it, from `min_overlap` on, although that
        one has a link: so a nucleus that is in two pieces in one plane stays one object. Such links are `extra`.
    drift : (int, int)
        Rows and columns by which the second image as a whole has moved.

    Returns
    -------
    Links
        By increasing label of the first plane; those of `extra` at the end.

    Raises
    ------
    ConfigError
        If the images differ in size, a number is out of range, or laptrack is not installed.

    Examples
    --------
    >>> links = link_planes(np.array([[1, 1, 1, 0, 2]]), np.array([[0, 5, 5, 0, 9]]))
    >>> links.before.tolist(), links.after.tolist(), links.shared.tolist()
    ([1, 2], [5, 9], [2, 1])
    """
    if before.shape != after.shape or before.ndim != 2:
        remedy = "give two planes of one size"
        raise ConfigError(f"planes have the shapes {before.shape} and {after.shape}", remedy=remedy)
    if not (0 <= max_distance < math.inf and 0 <= min_overlap <= 1):
        cause = f"max_distance is {max_distance}, min_overlap {min_overlap}"
        raise ConfigError(cause, remedy="give pixels, 0 or more, and a share from 0 to 1")
    first, second = list_objects(before), list_objects(after)
    found = find_candidates(first, second, count_shared(before, after, drift), max_distance, drift=drift)
    smaller = np.minimum(first.areas[found.before], second.areas[found.after])
    share = found.shared / smaller
    near = found.distance <= max_distance
    allowed = near | ((found.shared > 0) & (share >= min_overlap))
    kept = np.flatnonzero(allowed)
    pairs = Pairs(len(first), len(second), found.before[kept], found.after[kept], found.cost[kept])
    row, column = assign(pairs, LIMIT)
    chosen = _positions(found, row, column, len(second))
    extra = _join_rest(found, share, chosen, min_overlap, (len(first), len(second))) if several else chosen[:0]
    links = np.concatenate([chosen, extra])
    return Links(
        before=first.ids[found.before[links]],
        after=second.ids[found.after[links]],
        cost=found.cost[links],
        shared=found.shared[links],
        extra=np.arange(len(links)) >= len(chosen),
    )


def count_shared(
    before: NDArray[np.integer], after: NDArray[np.integer], drift: tuple[int, ...] = (0, 0)
) -> tuple[Ints, Ints, Ints]:
    """Count the pixels that objects of two planes share once the drift is taken out.

    Parameters
    ----------
    before, after : ndarray of integer, shape (Y, X) or (Z, Y, X)
    drift : (int, int) or (int, int, int)
        Rows and columns by which the second plane has moved; of stacks, planes too.

    Returns
    -------
    before, after, shared : ndarray of int64, shape (K,)
        Labels of each pair that shares pixels, and how many.
    """
    earlier, later = before, after
    for axis, moved in enumerate(drift):
        size = before.shape[axis]
        if abs(moved) >= size:
            return (np.zeros(0, np.int64),) * 3
        cut = [slice(None)] * before.ndim
        cut[axis] = slice(max(0, -moved), size - max(0, moved))
        earlier = earlier[tuple(cut)]
        cut[axis] = slice(max(0, moved), size - max(0, -moved))
        later = later[tuple(cut)]
    overlap = count_overlap(earlier, later)
    return overlap.pred_ids[overlap.pair_pred], overlap.true_ids[overlap.pair_true], overlap.intersection


def find_candidates(
    before: Plane,
    after: Plane,
    shared: tuple[Ints, Ints, Ints],
    max_distance: float,
    *,
    drift: tuple[float, ...] = (0.0, 0.0),
    expected: Floats | None = None,
    area_octaves: float = 1.0,
    overlap_weight: float = 1.0,
    shape_spread: float = 0.0,
    distance_power: float = 2.0,
) -> Candidates:
    """List the pairs of objects that overlap or are near, with what it costs to link them.

    Parameters
    ----------
    before, after : Plane
    shared : (ndarray, ndarray, ndarray)
        From `count_shared`.
    max_distance : float
        Pixels.
    drift : (float, float)
        Rows and columns by which the second plane has moved.
    expected : ndarray of float64, shape (N, 2) or (N, 3), optional
        Where each object of the first plane is expected in the second; by default where it was, moved by the drift.
    area_octaves : float
        Change of the area, as a logarithm to base 2, that costs as much as the lack of any overlap.
    overlap_weight : float
        How much overlap counts, 0..1: where objects move farther than they are wide, it is chance.
    shape_spread : float
        Change of the elongation that costs as much as the lack of any overlap; 0: shape does not count.
    distance_power : float
        Power of the distance that a pair costs.

    Returns
    -------
    Candidates
        Each pair once, by the first plane's objects, then the second's.
    """
    from scipy.spatial import cKDTree

    expected = before.centroids + np.asarray(drift) if expected is None else expected
    pairs = np.stack([np.searchsorted(before.ids, shared[0]), np.searchsorted(after.ids, shared[1])])
    if max_distance > 0 and len(before) and len(after):
        near = cKDTree(expected).sparse_distance_matrix(cKDTree(after.centroids), max_distance, output_type="ndarray")
        pairs = np.concatenate([pairs, np.stack([near["i"], near["j"]])], axis=1)
    keys, first = np.unique(pairs[0] * max(len(after), 1) + pairs[1], return_index=True)
    row, column = np.divmod(keys, max(len(after), 1))
    # np.unique gives the first of equal keys: those that overlap stand in front.
    pixels = np.where(first < len(shared[2]), np.append(shared[2], 0)[np.minimum(first, len(shared[2]))], 0)
    apart = after.centroids[column] - expected[row]
    distance = np.linalg.norm(apart, axis=1)
    areas = before.areas[row], after.areas[column]
    reach = np.maximum(max_distance, np.maximum(before.diameters[row], after.diameters[column]) / 2)
    cost = (
        _DISTANCE * np.minimum((distance / reach) ** distance_power, 1)
        + np.minimum(_AREA * (np.log2(areas[1] / areas[0]) / area_octaves) ** 2, _MOST_AREA)
        + overlap_weight * _OVERLAP * (1 - pixels / np.minimum(*areas))
        + _CLASS * ((before.classes[row] != after.classes[column]) & (before.classes[row] * after.classes[column] > 0))
    )
    cut = before.at_border[row] | after.at_border[column]
    cost += shape_cost(before.elongations[row], after.elongations[column], cut, shape_spread)
    return Candidates(row, column, cost, distance, pixels)


def shape_cost(before: Floats, after: Floats, cut: NDArray[np.bool_], spread: float) -> Floats:
    """Cost of a change of elongation; 0 where the edge of the image cuts one of the two, so that it says little.

    Parameters
    ----------
    before, after : ndarray of float64, shape (K, 2)
        As `Plane` has them.
    cut : ndarray of bool, shape (K,)
    spread : float
        Change that costs as much as the lack of any overlap; 0: no change costs anything.
    """
    if not spread:
        return np.zeros(len(cut))
    change = np.linalg.norm(after - before, axis=1)
    return np.asarray(np.where(cut, 0, np.minimum(_SHAPE * (change / spread) ** 2, _MOST_SHAPE)), np.float64)


def _positions(found: Candidates, row: Ints, column: Ints, width: int) -> Ints:
    """Where the pairs chosen stand among the candidates."""
    return np.searchsorted(found.before * max(width, 1) + found.after, row * max(width, 1) + column)


def _join_rest(found: Candidates, share: Floats, chosen: Ints, least: float, sizes: tuple[int, int]) -> Ints:
    """Candidates that give an object without a link to the one that shares most of it."""
    alone = [np.ones(size, np.bool_) for size in sizes]
    alone[0][found.before[chosen]] = False
    alone[1][found.after[chosen]] = False
    added: list[Ints] = []
    for side, other in ((found.before, alone[0]), (found.after, alone[1])):
        fits = np.flatnonzero(other[side] & (found.shared > 0) & (share >= least))
        best = fits[np.lexsort((-found.shared[fits], side[fits]))]
        added.append(best[np.unique(side[best], return_index=True)[1]])
    return np.unique(np.concatenate(added))
