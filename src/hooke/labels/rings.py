"""Traces the outlines of objects along the edges of their pixels, so that filling them gives the same pixels.

Coordinates are those of `hooke.labels.polygons`: (x, y), and (0, 0) is the outer corner of the top-left pixel.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hooke.labels.bands import bands

#: Corners (x, y) of a closed outline, the last joined to the first, int64, shape (N, 2).
Corners = NDArray[np.int64]
#: An outline and its holes.
Polygon = list[Corners]


@dataclass(frozen=True, eq=False)
class _Turns:
    """Where outlines turn: label, place, and on which side of both edges the object lies.

    Parameters
    ----------
    label, y, x : ndarray of int64, shape (N,)
    below, right : ndarray of bool, shape (N,)
        Whether the object lies below the horizontal edge that ends here, and right of the vertical one.
    """

    label: NDArray[np.int64]
    y: NDArray[np.int64]
    x: NDArray[np.int64]
    below: NDArray[np.bool_]
    right: NDArray[np.bool_]


def trace_polygons(labels: NDArray[np.integer]) -> dict[int, list[Polygon]]:
    """Trace every object along the edges of its pixels.

    Parameters
    ----------
    labels : ndarray of integer, shape (Y, X)
        0 is background, every other value one object.

    Returns
    -------
    dict of int to list of list of ndarray of int64, shape (N, 2)
        For each label, by increasing label, its 4-connected pieces: an outline, then its holes. Of each the corners
        (x, y), at which the outline turns by 90 degrees. With y downwards, outlines run clockwise and holes the other
        way, which is RFC 7946's order. No ring touches itself, so that every polygon is valid by the rules of simple
        features (OGC 06-103r4): where pixels of a piece touch at a corner only, a hole touches the outline there.

    Examples
    --------
    >>> polygons = trace_polygons(np.array([[0, 3, 3], [0, 3, 3]]))
    >>> polygons[3][0][0].tolist()
    [[1, 0], [3, 0], [3, 2], [1, 2]]
    """
    turns = _find_turns(labels)
    found: dict[int, tuple[list[Corners], list[Corners]]] = {}
    for label, ring, area in _rings(turns):
        outlines, holes = found.setdefault(label, ([], []))
        (outlines if area > 0 else holes).append(ring)
    return {label: _nested(*found[label]) for label in sorted(found)}


def _find_turns(labels: NDArray[np.integer]) -> _Turns:
    """Find the corners of all outlines from each four pixels that meet, in bands of rows."""
    parts: list[list[NDArray[np.generic]]] = []
    for band in bands(labels):
        top, bottom = max(band.start - 1, 0), min(band.stop + 1, len(labels))
        padding = ((band.start == 0, band.stop == len(labels)), (1, 1))
        padded = np.pad(labels[top:bottom].astype(np.int64), padding)
        # Corners on the rows from band.start on; those below the last row belong to the last band.
        rows = padded if band.stop == len(labels) else padded[:-1]
        parts += _turns_of(rows, band.start)
    if not parts:
        return _Turns(*(np.zeros(0, np.int64),) * 3, *(np.zeros(0, np.bool_),) * 2)
    label, y, x, below, right = (np.concatenate(column) for column in zip(*parts, strict=True))
    return _Turns(label, y, x, below, right)


def _turns_of(padded: NDArray[np.int64], top: int) -> Iterator[list[NDArray[np.generic]]]:
    """Turns at every place where four pixels meet."""
    quarter = {
        (down, right): padded[down : len(padded) - 1 + down, right : padded.shape[1] - 1 + right]
        for down in (0, 1)
        for right in (0, 1)
    }
    # Most places have equal pixels all around.
    differ = (quarter[0, 0] != quarter[0, 1]) | (quarter[0, 0] != quarter[1, 0]) | (quarter[0, 0] != quarter[1, 1])
    y, x = np.nonzero(differ)
    around = {place: pixels[y, x] for place, pixels in quarter.items()}
    for (down, right), own in around.items():
        beside, above, across = around[down, 1 - right], around[1 - down, right], around[1 - down, 1 - right]
        sharp = (own > 0) & (own != beside) & (own != above)
        yield _columns(own, y + top, x, bool(down), bool(right), sharp)
        hollow = (beside > 0) & (beside == above) & (beside == across) & (beside != own)
        yield _columns(beside, y + top, x, not down, not right, hollow)


def _columns(
    label: NDArray[np.int64],
    y: NDArray[np.int64],
    x: NDArray[np.int64],
    below: bool,
    right: bool,
    at: NDArray[np.bool_],
) -> list[NDArray[np.generic]]:
    count = int(np.count_nonzero(at))
    return [label[at], y[at], x[at], np.full(count, below), np.full(count, right)]


def _rings(turns: _Turns) -> Iterator[tuple[int, Corners, int]]:
    """Follow the edges from turn to turn; give each ring with its label, and twice the area that it encloses.

    The area is negative where a ring runs as holes do.
    """
    order, starts = _ordered(*_follow(turns))
    if not starts:
        return
    stops = [*starts[1:], len(order)]
    x, y = turns.x[order], turns.y[order]
    ring = np.repeat(np.arange(len(starts)), np.diff(starts, append=len(order)))
    following = np.arange(1, len(order) + 1)
    following[np.array(stops) - 1] = starts
    areas = np.add.reduceat(x * y[following] - y * x[following], starts).tolist()
    touching = _touching_rings(ring, x, y)
    corners, labels = np.stack([x, y], axis=1), turns.label[order][starts].tolist()
    for place, (start, stop) in enumerate(zip(starts, stops, strict=True)):
        whole = corners[start:stop]
        if place not in touching:
            yield labels[place], whole, areas[place]
            continue
        for part in _apart(whole):
            yield labels[place], part, _area(part)


def _ordered(following: list[int], by_place: list[int]) -> tuple[NDArray[np.int64], list[int]]:
    """List the turns ring by ring, each from its highest one on, and where in this list each ring begins."""
    order: list[int] = []
    starts: list[int] = []
    seen = bytearray(len(following))
    for first in by_place:
        if seen[first]:
            continue
        starts.append(len(order))
        at = first
        while not seen[at]:
            seen[at] = 1
            order.append(at)
            at = following[at]
    return np.array(order, np.int64), starts


def _touching_rings(ring: NDArray[np.int64], x: NDArray[np.int64], y: NDArray[np.int64]) -> set[int]:
    """Rings that come twice to the same place."""
    by_place = np.lexsort((x, y, ring))
    same = np.ones(len(ring) - 1, np.bool_)
    for values in (ring, x, y):
        same &= values[by_place[1:]] == values[by_place[:-1]]
    return set(ring[by_place[1:][same]].tolist())


def _follow(turns: _Turns) -> tuple[list[int], list[int]]:
    """Give the turn after each, and all of them by label and place.

    The object is on the right hand, and two turns on a line bound an edge.

    Edges of one object with the same side on the same line do not meet, so that sorting along the line pairs their
    ends.
    """
    following = np.empty(len(turns.label), np.int64)
    across = np.lexsort((turns.x, turns.below, turns.y, turns.label))
    left, right = across[0::2], across[1::2]
    rightwards = turns.below[left]
    following[left[rightwards]] = right[rightwards]
    following[right[~rightwards]] = left[~rightwards]
    down = np.lexsort((turns.y, turns.right, turns.x, turns.label))
    upper, lower = down[0::2], down[1::2]
    upwards = turns.right[upper]
    following[lower[upwards]] = upper[upwards]
    following[upper[~upwards]] = lower[~upwards]
    return following.tolist(), across.tolist()


def _apart(ring: Corners) -> Iterator[Corners]:
    """Cut a ring in two wherever it comes back to a place where it was."""
    keys = (ring[:, 1] << 32 | ring[:, 0]).tolist()
    path: list[int] = []
    where: dict[int, int] = {}
    for place, key in enumerate(keys):
        if key in where:
            start = where[key]
            yield ring[path[start:]]
            for dropped in path[start:]:
                del where[keys[dropped]]
            del path[start:]
        where[key] = len(path)
        path.append(place)
    yield ring[path]


def _area(ring: Corners) -> int:
    """Twice the area that a ring encloses, negative where it runs as holes do."""
    x, y = ring.T
    return int((x * np.roll(y, -1) - y * np.roll(x, -1)).sum())


def _nested(outlines: list[Corners], holes: list[Corners]) -> list[Polygon]:
    """Put each hole after the outline that it lies in: the smallest one around it."""
    polygons = [[outline] for outline in outlines]
    if len(polygons) == 1:
        polygons[0] += holes
        return polygons
    sizes = [_area(outline) for outline in outlines]
    for hole in holes:
        # Right below the highest edge of a hole lies a pixel of it, which no piece inside the hole encloses.
        x, y = hole[np.lexsort((hole[:, 0], hole[:, 1]))[0]]
        around = [place for place, outline in enumerate(outlines) if _holds(outline, x + 0.5, y + 0.5)]
        polygons[min(around, key=sizes.__getitem__)].append(hole)
    return polygons


def _holds(ring: Corners, x: float, y: float) -> bool:
    """Whether a point that lies on no edge is inside: the vertical edges left of it are an odd number."""
    end = np.roll(ring, -1, axis=0)
    low, high = np.minimum(ring[:, 1], end[:, 1]), np.maximum(ring[:, 1], end[:, 1])
    return bool(np.count_nonzero((low < y) & (y < high) & (ring[:, 0] < x)) % 2)
