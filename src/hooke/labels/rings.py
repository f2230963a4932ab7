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


#: Rings that are followed together, a step of all at a time; the last few, which are long, one after the other.
_TOGETHER = 32


@dataclass(frozen=True, eq=False)
class _Turns:
    """Where outlines turn: label, place, and on which side of both edges the object lies.

    Parameters
    ----------
    label, y, x : ndarray of int64, shape (N,)
    below, right : ndarray of bool, shape (N,)
        Whether the object lies below the horizontal edge that ends here, and right of the vertical one.
    twice : ndarray of bool, shape (N,)
        Whether the same object turns here twice: two of its pixels touch at this corner only.
    """

    label: NDArray[np.int64]
    y: NDArray[np.int64]
    x: NDArray[np.int64]
    below: NDArray[np.bool_]
    right: NDArray[np.bool_]
    twice: NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class _Rings:
    """All closed outlines, by label and highest corner, end to end.

    Parameters
    ----------
    turn : ndarray of int64, shape (N,)
        The turns, ring by ring, each ring from its highest one on.
    start : ndarray of int64, shape (rings + 1,)
        Where each ring begins.
    """

    turn: NDArray[np.int64]
    start: NDArray[np.int64]


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
    for label, ring, area in _traced(turns, labels.shape):
        outlines, holes = found.setdefault(label, ([], []))
        (outlines if area > 0 else holes).append(ring)
    return {label: _nested(outlines, holes) for label, (outlines, holes) in found.items()}


def _find_turns(labels: NDArray[np.integer]) -> _Turns:
    """Find the corners of all outlines from each four pixels that meet, in bands of rows."""
    parts: list[list[NDArray[np.generic]]] = []
    for band in bands(labels):
        top, bottom = max(band.start - 1, 0), min(band.stop + 1, len(labels))
        padding = ((band.start == 0, band.stop == len(labels)), (1, 1))
        padded = np.pad(labels[top:bottom], padding)
        # Corners on the rows from band.start on; those below the last row belong to the last band.
        rows = padded if band.stop == len(labels) else padded[:-1]
        parts += _turns_of(rows, band.start)
    if not parts:
        return _Turns(*(np.zeros(0, np.int64),) * 3, *(np.zeros(0, np.bool_),) * 3)
    label, y, x, below, right, twice = (np.concatenate(column) for column in zip(*parts, strict=True))
    return _Turns(label.astype(np.int64), y, x, below, right, twice)


def _turns_of(padded: NDArray[np.integer], top: int) -> Iterator[list[NDArray[np.generic]]]:
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
        sharp = np.flatnonzero((own > 0) & (own != beside) & (own != above))
        yield _columns(own[sharp], y[sharp] + top, x[sharp], bool(down), bool(right), across[sharp] == own[sharp])
        hollow = np.flatnonzero((beside > 0) & (beside == above) & (beside == across) & (beside != own))
        yield _columns(beside[hollow], y[hollow] + top, x[hollow], not down, not right, np.zeros(len(hollow), np.bool_))


def _columns(
    label: NDArray[np.integer],
    y: NDArray[np.int64],
    x: NDArray[np.int64],
    below: bool,
    right: bool,
    twice: NDArray[np.bool_],
) -> list[NDArray[np.generic]]:
    return [label, y, x, np.full(len(label), below), np.full(len(label), right), twice]


def _traced(turns: _Turns, shape: tuple[int, ...]) -> Iterator[tuple[int, Corners, int]]:
    """Give each ring with its label, by increasing label, and twice the area that it encloses.

    The area is negative where a ring runs as holes do.
    """
    rings = _follow(turns, shape)
    if not len(rings.turn):
        return
    y, x = turns.y[rings.turn], turns.x[rings.turn]
    starts, stops = rings.start[:-1], rings.start[1:]
    following = np.arange(1, len(x) + 1)
    following[stops - 1] = starts
    areas = np.add.reduceat(x * y[following] - y * x[following], starts).tolist()
    touching = _touching_rings(turns, rings)
    corners, labels, bounds = np.stack([x, y], axis=1), turns.label[rings.turn[starts]].tolist(), rings.start.tolist()
    for place, label in enumerate(labels):
        whole = corners[bounds[place] : bounds[place + 1]]
        if place not in touching:
            yield label, whole, areas[place]
            continue
        for part in _apart(whole):
            yield label, part, _area(part)


def _touching_rings(turns: _Turns, rings: _Rings) -> set[int]:
    """Rings that come twice to the same place."""
    at = np.flatnonzero(turns.twice[rings.turn])
    turn, ring = rings.turn[at], np.searchsorted(rings.start, at, side="right") - 1
    by_place = np.lexsort((turns.x[turn], turns.y[turn], ring))
    turn, ring = turn[by_place], ring[by_place]
    same = ring[1:] == ring[:-1]
    for values in (turns.x[turn], turns.y[turn]):
        same &= values[1:] == values[:-1]
    return set(ring[1:][same].tolist())


def _follow(turns: _Turns, shape: tuple[int, ...]) -> _Rings:
    """Follow the edges from turn to turn, the object on the right hand.

    Edges of one object with the same side on the same line do not meet, so that sorting along the line pairs their
    ends.
    """
    height, width = shape[0] + 1, shape[1] + 1
    label = turns.label
    if label.max(initial=0) >= np.iinfo(np.int64).max // (2 * height * width):
        label = np.unique(label, return_inverse=True)[1]
    following = np.empty(len(label), np.int64)
    # One number that orders by label, line, side of the line, and place on it: sorted faster than four.
    across = np.argsort(((label * height + turns.y) * 2 + turns.below) * width + turns.x)
    left, right = across[0::2], across[1::2]
    rightwards = turns.below[left]
    following[left[rightwards]] = right[rightwards]
    following[right[~rightwards]] = left[~rightwards]
    down = np.argsort(((label * width + turns.x) * 2 + turns.right) * height + turns.y)
    upper, lower = down[0::2], down[1::2]
    upwards = turns.right[upper]
    following[lower[upwards]] = upper[upwards]
    following[upper[~upwards]] = lower[~upwards]
    return _walk(following, across, np.flatnonzero(np.diff(label[across], prepend=-1)))


def _walk(following: NDArray[np.int64], by_place: NDArray[np.int64], highest: NDArray[np.int64]) -> _Rings:
    """List the turns ring by ring.

    Parameters
    ----------
    following : ndarray of int64, shape (N,)
        The turn after each.
    by_place : ndarray of int64, shape (N,)
        The turns by label and place.
    highest : ndarray of int64, shape (labels,)
        Where in this list each label begins: at its highest turn.
    """
    # One ring of each object, the only one of most: all of them a step at a time.
    first = by_place[highest]
    at, ring = first, np.arange(len(first))
    steps = [(np.zeros(0, np.int64), np.zeros(0, np.int64))]
    while len(ring) > _TOGETHER:
        steps.append((at, ring))
        at = following[at]
        goes_on = np.flatnonzero(at != first[ring])
        at, ring = at[goes_on], ring[goes_on]
    closed = np.ones(len(first), np.bool_)
    closed[ring] = False
    turn, ring = (np.concatenate(parts) for parts in zip(*steps, strict=True))
    step = np.repeat(np.arange(-1, len(steps) - 1), [len(part) for part, _ in steps])
    turn, ring, step = (values[closed[ring]] for values in (turn, ring, step))
    # The others, one after the other: the longest, and further ones of an object.
    left = np.ones(len(following), np.bool_)
    left[turn] = False
    rest = np.flatnonzero(left[by_place])
    order, starts = _walk_each(following, by_place[rest])
    sizes = np.concatenate([np.bincount(ring, minlength=len(first))[closed], np.diff(starts)])
    rank = np.argsort(np.concatenate([highest[closed], rest[order[starts[:-1]]]]))
    bounds = np.concatenate([[0], np.cumsum(sizes[rank])])
    begin = np.empty(len(rank), np.int64)
    begin[rank] = bounds[:-1]
    result = np.empty(len(following), np.int64)
    result[begin[(np.cumsum(closed) - 1)[ring]] + step] = turn
    alone = begin[np.count_nonzero(closed) :] - starts[:-1]
    result[np.repeat(alone, np.diff(starts)) + np.arange(len(order))] = by_place[rest[order]]
    return _Rings(result, bounds)


def _walk_each(
    following: NDArray[np.int64], by_place: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """List some turns ring by ring, as places among them, and where in this list each begins and the last ends."""
    place = np.zeros(len(following), np.int64)
    place[by_place] = np.arange(len(by_place))
    after = place[following[by_place]].tolist()
    order: list[int] = []
    starts: list[int] = []
    seen = bytearray(len(after))
    for first in range(len(after)):
        if seen[first]:
            continue
        starts.append(len(order))
        at = first
        while not seen[at]:
            seen[at] = 1
            order.append(at)
            at = after[at]
    return np.array(order, np.int64), np.array([*starts, len(order)], np.int64)


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
    x, y = (ring - ring[0]).T  # the corner after the last is (0, 0)
    return int(x[:-1] @ y[1:] - y[:-1] @ x[1:])


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
