"""Finds label images whose objects can't be real ones: pieces far apart with one number, and unfilled outlines."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

_SECOND = 0.5  # of the largest piece, the area from which another one is more than a part that something hides
_ENCLOSED = 0.5
_NEIGHBOURS = (
    (np.s_[:, :-1], np.s_[:, 1:]),
    (np.s_[:-1], np.s_[1:]),
    (np.s_[:-1, :-1], np.s_[1:, 1:]),
    (np.s_[:-1, 1:], np.s_[1:, :-1]),
)
_APART = 3.0  # diameters of the largest piece between the centres of both


def count_scattered(labels: NDArray[np.integer]) -> int:
    """Count objects of several pieces far apart, as two nuclei with one number are.

    A piece counts that is at least half as large as the largest of its object, and whose centre is more than three of
    its diameters away. What another object or the edge of the image cuts in two stays near.

    Parameters
    ----------
    labels : ndarray of integer, shape (Y, X)

    Examples
    --------
    >>> labels = np.zeros((9, 40), np.int32)
    >>> labels[2:6, 2:6], labels[2:6, 30:34] = 1, 1
    >>> count_scattered(labels)
    1
    """
    inside = labels > 0
    for near, far in _NEIGHBOURS:  # leaves a gap between objects that touch
        inside[near] &= (labels[near] == labels[far]) | (labels[far] == 0)
    count, pieces, stats, centres = cv2.connectedComponentsWithStats(inside.view(np.uint8), connectivity=8)
    area = stats[1:, cv2.CC_STAT_AREA].astype(np.int64)
    owner = np.zeros(count, np.int64)
    owner[pieces] = labels
    order = np.lexsort((-area, owner[1:]))
    owners, areas, places = owner[1:][order], area[order], centres[1:][order]
    _, first, which = np.unique(owners, return_index=True, return_inverse=True)
    largest = first[which]
    apart = np.hypot(*(places - places[largest]).T)
    far = (areas >= _SECOND * areas[largest]) & (apart > _APART * np.sqrt(4 / np.pi * areas[largest]))
    return len(np.unique(owners[far]))


def looks_unfilled(labels: NDArray[np.integer]) -> bool:
    """Whether objects enclose more than half of what they cover, as outlines do that were not filled.

    Parameters
    ----------
    labels : ndarray of integer, shape (Y, X)

    Examples
    --------
    >>> ring = np.zeros((12, 12), np.int32)
    >>> looks_unfilled(cv2.circle(ring, (6, 6), 5, 1)), looks_unfilled(cv2.circle(ring, (6, 6), 5, 1, -1))
    (True, False)
    """
    outside = labels == 0
    count, parts, stats, _ = cv2.connectedComponentsWithStats(outside.view(np.uint8), connectivity=4)
    open_ = np.zeros(count, np.bool_)
    for edge in (parts[0], parts[-1], parts[:, 0], parts[:, -1]):
        open_[edge] = True
    open_[0] = True
    enclosed = int(stats[~open_, cv2.CC_STAT_AREA].sum())
    return bool(enclosed > _ENCLOSED * np.count_nonzero(labels))
