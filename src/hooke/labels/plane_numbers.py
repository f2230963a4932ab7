"""Tells whether the numbers of a label stack continue from plane to plane, and numbers each plane's objects apart."""

from __future__ import annotations

import itertools

import numpy as np
from numpy.typing import NDArray

from hooke.labels.numbering import number_from_one
from hooke.labels.overlap import count_overlap

_ALIKE = 0.5  # IoU from which objects in neighbouring planes are taken for cross-sections of one
_TORN = 0.25  # of these pairs, from which other numbers don't come from faults of joining
_SEEN = 0.1  # of all objects, as many as moving ones that come to lie over each other are not


def is_numbered_by_plane(labels: NDArray[np.integer]) -> bool:
    """Whether the objects of a stack have other numbers in the next plane, as where planes were segmented one by one.

    Parameters
    ----------
    labels : ndarray of integer, shape (..., Y, X)
        0 background. Planes are neighbours along the last axis of the stack that has several.

    Examples
    --------
    >>> plane = np.array([[1, 1, 0, 2, 2]])
    >>> is_numbered_by_plane(np.stack([plane, plane])), is_numbered_by_plane(np.stack([plane, plane[:, ::-1]]))
    (False, True)
    """
    along = [size for size in labels.shape[:-2] if size > 1]
    if not along:
        return False
    objects = pairs = torn = 0
    for stack in labels.reshape(-1, along[-1], *labels.shape[-2:]):
        for plane, following in itertools.pairwise(stack):
            shared = count_overlap(plane, following)
            alike = shared.iou >= _ALIKE
            other = shared.pred_ids[shared.pair_pred] != shared.true_ids[shared.pair_true]
            objects += min(shared.n_pred, shared.n_true)
            pairs += int(alike.sum())
            torn += int((alike & other).sum())
    return torn > 0 and torn >= max(_TORN * pairs, _SEEN * objects)


def number_planes_apart(labels: NDArray[np.integer]) -> tuple[NDArray[np.int32], list[int]]:
    """Give each object of each plane a number of its own; give the ids that they had, too.

    Parameters
    ----------
    labels : ndarray of integer, shape (..., Y, X)
        0 background.

    Examples
    --------
    >>> apart, ids = number_planes_apart(np.array([[[0, 4, 4]], [[4, 9, 0]]]))
    >>> apart.tolist(), ids
    ([[[0, 1, 1]], [[2, 3, 0]]], [4, 4, 9])
    """
    apart = np.zeros(labels.shape, np.int32)
    known: list[int] = []
    for place in np.ndindex(labels.shape[:-2]):
        numbered, ids = number_from_one(labels[place])
        apart[place] = np.where(numbered > 0, numbered + len(known), 0)
        known += ids
    return apart, known
