"""Edits label images as a person does: delete, merge, split, draw, fill, grow, shrink, and give a class.

Each function leaves the label image as it is and returns an `Edit`: the new one, the ids that changed, and what was
replaced, so that it can be undone.

>>> labels = np.array([[1, 1, 0, 2, 2]], np.int32)
>>> edit = merge(labels, [1, 2])
>>> edit.labels.tolist(), edit.changed, np.array_equal(edit.undo(edit.labels), labels)
([[1, 1, 0, 1, 1]], (1, 2), True)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from hooke.errors import DatasetError
from hooke.labels.offset import LARGEST, offset_outlines
from hooke.labels.polygons import fill_rings, to_ring
from hooke.labels.window import bounding_window

#: Rows and columns of a label image.
Window = tuple[slice, slice]
_CROSS = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))
_SQUARE = np.ones((3, 3), np.uint8)


@dataclass(frozen=True, eq=False)
class Edit:
    """One change of a label image.

    Parameters
    ----------
    source : ndarray of int32, shape (Y, X)
        The label image before.
    window : (slice, slice)
        Rows and columns outside of which nothing changed.
    after : ndarray of int32
        What is in the window now.
    changed : tuple of int
        Ids that lost or gained pixels, increasing; new ones and those that are gone included.
    """

    source: NDArray[np.int32]
    window: Window
    after: NDArray[np.int32]
    changed: tuple[int, ...]

    @cached_property
    def before(self) -> NDArray[np.int32]:
        """What was in the window; a copy, so that it stays when the source is edited."""
        return self.source[self.window].copy()

    @cached_property
    def labels(self) -> NDArray[np.int32]:
        """The label image after the edit."""
        return self.apply(self.source)

    def apply(self, labels: NDArray[np.int32], *, in_place: bool = False) -> NDArray[np.int32]:
        """Make the change in a label image that is in the window as the source was."""
        return self._put(labels, self.after, in_place)

    def undo(self, labels: NDArray[np.int32], *, in_place: bool = False) -> NDArray[np.int32]:
        """Undo the change in a label image that is in the window as the edit left it."""
        return self._put(labels, self.before, in_place)

    def _put(self, labels: NDArray[np.int32], content: NDArray[np.int32], in_place: bool) -> NDArray[np.int32]:
        changed = labels if in_place else labels.copy()
        changed[self.window] = content
        return changed


def paint(labels: NDArray[np.int32], mask: NDArray[np.bool_], id_: int, window: Window = np.s_[:, :]) -> Edit:
    """Give pixels to an object, or to the background.

    Parameters
    ----------
    labels : ndarray of int32, shape (Y, X)
        0 background.
    mask : ndarray of bool
        Which pixels of the window.
    id_ : int
        Whose they are from now on; 0 for the background.
    window : (slice, slice), optional
        Where the mask is; everywhere by default.
    """
    return _edit(labels, window, np.where(mask, np.int32(id_), labels[window]))


def delete(labels: NDArray[np.int32], ids: Iterable[int]) -> Edit:
    """Delete objects.

    Raises
    ------
    DatasetError
        When there is no such object.
    """
    wanted = _known(labels, ids)
    window = _window_of(labels, wanted)
    return paint(labels, np.isin(labels[window], wanted), 0, window)


def merge(labels: NDArray[np.int32], ids: Sequence[int]) -> Edit:
    """Make several objects one, which gets the first of the ids given.

    Raises
    ------
    DatasetError
        When there is no such object, or fewer than two are given.
    """
    wanted = _known(labels, ids)
    if len(wanted) < 2:
        raise DatasetError(f"merges {len(wanted)} object", remedy="name two or more")
    window = _window_of(labels, wanted)
    return paint(labels, np.isin(labels[window], wanted), int(next(iter(ids))), window)


def split_by_line(labels: NDArray[np.int32], id_: int, line: ArrayLike) -> Edit:
    """Cut an object along a line; the largest part keeps the id, the others get new ones.

    Pieces that the line does not separate from the largest part, such as a piece apart from it, are parts of their own.
    Pixels on the line go to the nearest part.

    Parameters
    ----------
    labels : ndarray of int32, shape (Y, X)
    id_ : int
    line : array of float, shape (n, 2)
        (y, x) of its points, pixels, the centre of the top-left pixel being (0, 0).

    Raises
    ------
    DatasetError
        When there is no such object, or the line does not divide it.
    """
    window = _window_of(labels, _known(labels, [id_]))
    mask = labels[window] == id_
    points = np.asarray(line, np.float64).reshape(-1, 2) - (window[0].start, window[1].start)
    barrier = np.zeros(mask.shape, np.uint8)
    # OpenCV takes 16 bits of fraction at most; 4 are enough for a pixel.
    corners = np.rint(points[:, ::-1] * 16).astype(np.int32)[:, None]
    cv2.polylines(barrier, [corners], isClosed=False, color=1, lineType=cv2.LINE_4, shift=4)
    count, parts = cv2.connectedComponents((mask & (barrier == 0)).view(np.uint8), connectivity=4)
    if count < 3:  # the background counts as one
        raise DatasetError(f"the line does not divide object {id_}", remedy="draw it across the object, over its edges")
    return _divided(labels, window, mask, _spread(np.asarray(parts, np.int32), mask))


def split_by_seeds(labels: NDArray[np.int32], id_: int, seeds: ArrayLike) -> Edit:
    """Divide an object between seeds; the largest part keeps the id, the others get new ones.

    Each pixel goes to the seed that is nearest on a way within the object; a piece that no seed reaches goes to the
    seed that is nearest in the plane.

    Parameters
    ----------
    labels : ndarray of int32, shape (Y, X)
    id_ : int
    seeds : array of float, shape (n, 2)
        (y, x) of two or more points in the object, pixels.

    Raises
    ------
    DatasetError
        When there is no such object, or fewer than two of the seeds lie on pixels of it that differ.
    """
    window = _window_of(labels, _known(labels, [id_]))
    mask = labels[window] == id_
    places = np.rint(np.asarray(seeds, np.float64).reshape(-1, 2)).astype(np.int64)
    places -= (window[0].start, window[1].start)
    inside = ((places >= 0) & (places < mask.shape)).all(axis=1)
    parts = np.zeros(mask.shape, np.int32)
    for number, (y, x) in enumerate(places[inside].tolist(), 1):
        parts[y, x] = number if mask[y, x] and not parts[y, x] else parts[y, x]
    if len(np.unique(parts)) < 3:
        raise DatasetError(f"fewer than two seeds lie in object {id_}", remedy="put one into each part")
    return _divided(labels, window, mask, _spread(parts, mask))


def draw(labels: NDArray[np.int32], outline: ArrayLike, id_: int | None = None, *, over: bool = False) -> Edit:
    """Draw an object by its outline, or add to one.

    Parameters
    ----------
    labels : ndarray of int32, shape (Y, X)
    outline : array of float, shape (n, 2)
        (y, x) of its corners, pixels, the centre of the top-left pixel being (0, 0); pixels whose centre is inside are
        drawn.
    id_ : int, optional
        The object; a new one by default.
    over : bool
        Whether it takes pixels of other objects, too.

    Raises
    ------
    DatasetError
        When the outline encloses no pixel that is free.
    """
    height, width = labels.shape
    ring = to_ring(np.asarray(outline, np.float64)[:, ::-1]) + 0.5
    mask = fill_rings([ring], height, width)
    if not over:
        mask &= labels == 0
    if not mask.any():
        raise DatasetError(
            "the outline encloses no free pixel of the image", remedy="draw it elsewhere, or over others"
        )
    return paint(labels, mask, _next_id(labels) if id_ is None else id_)


def fill(labels: NDArray[np.int32], ids: Iterable[int] | None = None, largest: float = np.inf) -> Edit:
    """Fill holes: background that one object encloses; what is in a hole of several objects stays.

    Parameters
    ----------
    labels : ndarray of int32, shape (Y, X)
    ids : iterable of int, optional
        The objects; all by default.
    largest : float
        Holes of more pixels stay.
    """
    wanted = None if ids is None else set(_known(labels, ids))
    count, pieces, stats, _ = cv2.connectedComponentsWithStats((labels == 0).view(np.uint8), connectivity=4)
    after = labels.copy()
    height, width = labels.shape
    for number in range(1, count):
        left, top, wide, high, area = stats[number].tolist()
        at_border = left == 0 or top == 0 or left + wide == width or top + high == height
        if at_border or area > largest or (wide, high) == (width, height):
            continue
        window = np.s_[top - 1 : top + high + 1, left - 1 : left + wide + 1]
        hole = (pieces[window] == number).view(np.uint8)
        around = np.unique(labels[window][(cv2.dilate(hole, _CROSS) > 0) & (hole == 0)])
        if len(around) == 1 and (wanted is None or int(around[0]) in wanted):
            after[window][hole > 0] = around[0]
    return _edit(labels, np.s_[:, :], after)


def grow(labels: NDArray[np.int32], pixels: float, ids: Iterable[int] | None = None) -> Edit:
    """Grow objects over the background, without merging any; see `hooke.labels.offset_outlines`.

    Parameters
    ----------
    labels : ndarray of int32, shape (Y, X)
    pixels : float
        0 or more; fractions count.
    ids : iterable of int, optional
        The objects; all by default.

    Raises
    ------
    DatasetError
        When there is no such object, or `pixels` is out of range.
    """
    return _offset(labels, pixels, 1, ids)


def shrink(labels: NDArray[np.int32], pixels: float, ids: Iterable[int] | None = None) -> Edit:
    """Shrink objects; none is lost. Parameters and errors are those of `grow`."""
    return _offset(labels, pixels, -1, ids)


def reclass(classes: Mapping[int, str], ids: Iterable[int], name: str | None) -> tuple[dict[int, str], tuple[int, ...]]:
    """Give objects a class, or none.

    Parameters
    ----------
    classes : mapping of int to str
        Class by id; left as it is.
    ids : iterable of int
    name : str or None
        None takes the class away.

    Returns
    -------
    classes : dict of int to str
    changed : tuple of int
        Ids whose class is another now, increasing.

    Examples
    --------
    >>> reclass({1: "a", 2: "b"}, [2, 3], "a")
    ({1: 'a', 2: 'a', 3: 'a'}, (2, 3))
    """
    given = sorted(set(map(int, ids)))
    changed = tuple(id_ for id_ in given if classes.get(id_) != name)
    new = {**classes, **dict.fromkeys(given, name)}
    return {id_: found for id_, found in new.items() if found is not None}, changed


def _offset(labels: NDArray[np.int32], pixels: float, sign: int, ids: Iterable[int] | None) -> Edit:
    if not 0 <= pixels <= LARGEST:
        raise DatasetError(f"an offset of {pixels} pixels", remedy=f"give 0 to {LARGEST:g}")
    moved = offset_outlines(labels, sign * pixels)
    if ids is not None:
        wanted = _known(labels, ids)
        mine = np.isin(labels, wanted) | ((labels == 0) & np.isin(moved, wanted))
        moved = np.where(mine, moved, labels)
    return _edit(labels, np.s_[:, :], moved)


def _edit(labels: NDArray[np.int32], window: Window, after: NDArray[np.int32]) -> Edit:
    """Describe a change, in the smallest window that holds it."""
    before = labels[window]
    differs = before != after
    inner = bounding_window(differs)
    ids = np.unique(np.concatenate([before[differs], after[differs]]))
    rows, columns = (
        slice((part.start or 0) + found.start, (part.start or 0) + found.stop)
        for part, found in zip(window, inner, strict=True)
    )
    return Edit(labels, (rows, columns), after[inner].copy(), tuple(ids[ids > 0].tolist()))


def _known(labels: NDArray[np.int32], ids: Iterable[int]) -> list[int]:
    """Check that objects are there; sorted, each once."""
    wanted = sorted(set(map(int, ids)))
    missing = sorted({id_ for id_ in wanted if id_ <= 0} | set(wanted) - set(np.unique(labels).tolist()))
    if missing:
        raise DatasetError(f"no object {missing[0]} in this label image", remedy="name objects that are there")
    return wanted


def _window_of(labels: NDArray[np.int32], ids: Sequence[int]) -> Window:
    """Rows and columns that hold objects."""
    return bounding_window(np.isin(labels, ids))


def _spread(parts: NDArray[np.int32], mask: NDArray[np.bool_]) -> NDArray[np.int32]:
    """Grow numbered parts step by step within a mask; what they don't reach goes to the nearest in the plane."""
    parts = parts.copy()
    free = mask & (parts == 0)
    left = -1
    while left != (left := int(np.count_nonzero(free))):
        # Steps over 4 and 8 neighbours in turn: parts grow as octagons, close to disks.
        for neighbours in (_CROSS, _SQUARE):
            grown = cv2.dilate(parts.astype(np.float32), neighbours).astype(np.int32)
            new = free & (grown > 0)
            parts[new] = grown[new]
            free &= ~new
    if free.any():
        _, nearest = cv2.distanceTransformWithLabels(
            (parts == 0).view(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
        )
        owner = np.zeros(int(nearest.max()) + 1, np.int32)
        owner[nearest[parts > 0]] = parts[parts > 0]
        parts[free] = owner[nearest[free]]
    return parts


def _divided(labels: NDArray[np.int32], window: Window, mask: NDArray[np.bool_], parts: NDArray[np.int32]) -> Edit:
    """Give the parts of an object their ids."""
    numbers, areas = np.unique(parts[mask], return_counts=True)
    others = [number for number in numbers.tolist() if number != numbers[np.argmax(areas)]]
    after = labels[window].copy()
    for new, number in enumerate(others, _next_id(labels)):
        after[mask & (parts == number)] = new
    return _edit(labels, window, after)


def _next_id(labels: NDArray[np.int32]) -> int:
    return int(labels.max(initial=0)) + 1
