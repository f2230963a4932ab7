"""Gives the objects of a label image other numbers."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

_LARGEST_TABLE = 1 << 24  # a number for each id up to here; ids may be codes of any size


def number_from_one(labels: NDArray[np.integer]) -> tuple[NDArray[np.int32], list[int]]:
    """Number the objects from 1 in the order of their ids; give these, too.

    Parameters
    ----------
    labels : ndarray of integer, any shape
        0 background.

    Examples
    --------
    >>> labels, ids = number_from_one(np.array([0, 9, 4, 9]))
    >>> labels.tolist(), ids
    ([0, 2, 1, 2], [4, 9])
    """
    ids = np.unique(labels[labels > 0])
    return np.where(labels > 0, np.searchsorted(ids, labels) + 1, 0).astype(np.int32), ids.tolist()


def number_with_classes(
    labels: NDArray[np.integer], classes: Mapping[int, str]
) -> tuple[NDArray[np.int32], dict[int, str]]:
    """Number the objects from 1 in the order of their ids; classes, by id, follow."""
    numbered, ids = number_from_one(labels)
    return numbered, {new: classes[old] for new, old in enumerate(ids, 1) if old in classes}


def give_numbers(
    labels: NDArray[np.integer], ids: NDArray[np.integer], numbers: NDArray[np.integer]
) -> NDArray[np.int32]:
    """Give some objects new numbers, and all others 0.

    Parameters
    ----------
    labels : ndarray of integer, any shape
        0 background.
    ids, numbers : ndarray of integer, shape (n,)
        The objects, and the new number of each.

    Examples
    --------
    >>> give_numbers(np.array([0, 9, 4, 9]), np.array([9]), np.array([7])).tolist()
    [0, 7, 0, 7]
    """
    if not len(ids):
        return np.zeros(labels.shape, np.int32)
    highest = max(int(labels.max(initial=0)), int(ids.max(initial=0)))
    if highest <= _LARGEST_TABLE:
        number = np.zeros(highest + 1, np.int32)
        number[ids] = numbers
        return np.asarray(number[labels], np.int32)
    order = np.argsort(ids)
    known = ids[order]
    places = np.minimum(np.searchsorted(known, labels), len(known) - 1)
    return np.where(known[places] == labels, np.asarray(numbers)[order][places], 0).astype(np.int32)
