"""Measures what is around every object: background near it, other objects near it, and the distance to the nearest."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hooke.labels.bands import bands
from hooke.labels.expansion import expand_band
from hooke.labels.runs import Runs, cut_rows, join_runs, places_of

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

GAP = 2.0  # pixels next to an object that its blur may brighten: no part of the background around it
_CROWDED = 64  # points in a cell from which cells are made smaller


@dataclass(frozen=True, eq=False)
class Surroundings:
    """What is within a distance of each object.

    Parameters
    ----------
    ring : Runs
        Background pixels that are nearer to this object than to another, and neither nearer than `GAP` nor further
        than the distance.
    neighbours : ndarray of int64, shape (objects,)
        Number of objects that each would touch, corners included, if all grew by the distance.
    """

    ring: Runs
    neighbours: Ints


def find_surroundings(labels: NDArray[np.integer], ids: Ints, distance: float, threads: int = 1) -> Surroundings:
    """Find what is within a distance of each object, in pixels.

    Parameters
    ----------
    labels : ndarray of integer, shape (Y, X)
    ids : ndarray of int64, shape (objects,)
        All labels, increasing.
    distance : float
    threads : int

    Raises
    ------
    ConfigError
        If the distance is out of range.
    """

    def look_around(band: slice) -> tuple[tuple[Ints, Ints, Ints, Ints], Ints]:
        grown = expand_band(labels, band, distance, GAP)
        height = len(grown.beyond)
        ring = cut_rows(grown.labels[:height] * grown.beyond, band.start)
        return ring, _touching_pairs(grown.labels, height, ids)

    with ThreadPoolExecutor(threads) as pool:
        found = list(pool.map(look_around, bands(labels) if labels.shape[1] else ()))
    codes = np.unique(np.concatenate([np.zeros(0, np.int64), *(pairs for _, pairs in found)]))
    first, second = np.divmod(codes, max(1, len(ids)))
    counts = np.bincount(first, minlength=len(ids)) + np.bincount(second, minlength=len(ids))
    return Surroundings(join_runs([ring for ring, _ in found], ids), counts)


def _touching_pairs(grown: NDArray[np.integer], height: int, ids: Ints) -> Ints:
    """Pairs of objects side by side, or across to the row below, each as one number: first * objects + second."""
    width, flat = grown.shape[1], grown.ravel()
    beside = np.zeros(grown.shape, np.bool_)
    np.not_equal(grown[:, 1:], grown[:, :-1], out=beside[:, :-1])
    above = grown[1:] != grown[:-1]
    # Objects across from each other that do not meet side by side or one above the other in the same four pixels.
    corner = beside[:-1] & beside[1:] & above
    corner[:, :-1] &= above[:, 1:]
    corners = np.flatnonzero(corner)
    places = ((np.flatnonzero(beside[:height]), 1), (np.flatnonzero(above), width), (corners, width + 1))
    found = []
    for here, there in (*places, (corners + 1, width - 1)):
        first, second = flat[here], flat[here + there]
        both = np.flatnonzero((first > 0) & (second > 0) & (first != second))
        first, second = places_of(first[both], ids), places_of(second[both], ids)
        codes = np.minimum(first, second) * len(ids) + np.maximum(first, second)
        # The same pair follows itself along their common edge.
        found.append(codes[np.diff(codes, prepend=-1) != 0])
    return np.unique(np.concatenate(found))


def nearest_distances(y: Floats, x: Floats) -> Floats:
    """Measure how far each point is from the nearest other one; NaN where there is no other.

    Points are looked for in the nine cells of a grid around each, and in larger cells where none is certain.
    """
    if len(y) < 2:
        return np.full(len(y), np.nan)
    y, x = y - y.min(), x - x.min()
    extent = float(max(y.max(), x.max(), 1.0))
    size = max(extent / np.sqrt(len(y)), 1.0)
    while size > 1.0 and np.unique(_cells(y, x, size), return_counts=True)[1].max() > _CROWDED:
        size /= 2
    best = np.full(len(y), np.inf)
    left = np.arange(len(y))
    while len(left):
        best[left] = _nearest_in_grid(y, x, left, size)
        left = left[best[left] > size]
        size *= 2
    return best


def _cells(y: Floats, x: Floats, size: float, dy: int = 0, dx: int = 0) -> Ints:
    """Number of the cell that each point is in, or of the one `dy` below and `dx` right of it."""
    row, column = np.floor(y / size).astype(np.int64) + 1 + dy, np.floor(x / size).astype(np.int64) + 1 + dx
    return row << 32 | column


def _nearest_in_grid(y: Floats, x: Floats, chosen: Ints, size: float) -> Floats:
    """Distance of some points to the nearest in their cell and the eight around it; infinite where there is none."""
    cells = _cells(y, x, size)
    order = np.argsort(cells, kind="stable")
    ordered = cells[order]
    best = np.full(len(chosen), np.inf)
    for dy, dx in np.ndindex(3, 3):
        wanted = _cells(y[chosen], x[chosen], size, dy - 1, dx - 1)
        begin, end = np.searchsorted(ordered, wanted), np.searchsorted(ordered, wanted, side="right")
        sizes = end - begin
        own = np.repeat(np.arange(len(chosen)), sizes)
        other = order[np.repeat(begin - np.cumsum(sizes) + sizes, sizes) + np.arange(sizes.sum())]
        distance = np.hypot(y[other] - y[chosen[own]], x[other] - x[chosen[own]])
        distance[other == chosen[own]] = np.inf
        np.minimum.at(best, own, distance)
    return best
