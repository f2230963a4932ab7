"""Counts the pixels that the objects of two label images share: the table that every score starts from.

It is sparse: only pairs of objects that touch are kept. Labels are read as runs of equal pixels along the rows, so the
cost grows with the outlines and not with the square of the number of objects.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hooke.labels.runs import run_starts


@dataclass(frozen=True, eq=False)
class Overlap:
    """Objects of two label images, their areas, and every pair that shares at least one pixel.

    Parameters
    ----------
    pred_ids, true_ids : ndarray of int64, shape (P,) and (T,)
        Labels of the predicted and the true objects, ascending, without background.
    pred_areas, true_areas : ndarray of int64, shape (P,) and (T,)
        Their areas in pixels.
    pair_pred, pair_true : ndarray of int64, shape (K,)
        For each pair, the positions of its objects in `pred_ids` and `true_ids`; sorted by true, then by predicted.
    intersection : ndarray of int64, shape (K,)
        Pixels that both objects of a pair cover; at least 1.
    pixels : int
        Pixels of the image, background included.
    """

    pred_ids: NDArray[np.int64]
    pred_areas: NDArray[np.int64]
    true_ids: NDArray[np.int64]
    true_areas: NDArray[np.int64]
    pair_pred: NDArray[np.int64]
    pair_true: NDArray[np.int64]
    intersection: NDArray[np.int64]
    pixels: int

    @property
    def n_pred(self) -> int:
        """Number of predicted objects, P."""
        return len(self.pred_ids)

    @property
    def n_true(self) -> int:
        """Number of true objects, T."""
        return len(self.true_ids)

    @cached_property
    def union(self) -> NDArray[np.int64]:
        """Pixels that at least one object of a pair covers, shape (K,)."""
        return self.true_areas[self.pair_true] + self.pred_areas[self.pair_pred] - self.intersection

    @cached_property
    def iou(self) -> NDArray[np.float64]:
        """Intersection over union of each pair, shape (K,), over 0 up to 1; of all other pairs it is 0."""
        iou: NDArray[np.float64] = self.intersection / self.union
        return iou


def count_overlap(pred: ArrayLike, truth: ArrayLike) -> Overlap:
    """Count the pixels that predicted and true objects share.

    Parameters
    ----------
    pred, truth : array of bool or of any integer type, same shape, usually (Y, X)
        Label images: 0 is background, every other value one object. Values may have gaps and be of any size.

    Returns
    -------
    Overlap

    Raises
    ------
    ValueError
        When the shapes differ, values are not whole numbers, or one is negative.

    Examples
    --------
    >>> overlap = count_overlap([[0, 7, 7]], [[3, 3, 0]])
    >>> overlap.pred_ids.tolist(), overlap.true_ids.tolist(), overlap.intersection.tolist(), overlap.union.tolist()
    ([7], [3], [1], [3])
    """
    pred, truth = _label_image(pred, "pred"), _label_image(truth, "truth")
    if pred.shape != truth.shape:
        raise ValueError(f"pred has shape {pred.shape} and truth {truth.shape}; both must be the same")
    flat_pred, flat_true = pred.ravel(), truth.ravel()
    starts = run_starts(flat_pred, flat_true)
    length = np.diff(starts, append=pred.size)
    pred_ids, pred_areas, pred_at = _objects(flat_pred[starts].astype(np.int64), length, "pred")
    true_ids, true_areas, true_at = _objects(flat_true[starts].astype(np.int64), length, "truth")

    shared = (pred_at >= 0) & (true_at >= 0)
    # One number for a pair; below 2**63 for any two images that fit in memory.
    keys = true_at[shared] * max(len(pred_ids), 1) + pred_at[shared]
    pairs, pair_of_run = np.unique(keys, return_inverse=True)
    pair_true, pair_pred = np.divmod(pairs, max(len(pred_ids), 1))
    intersection = _sum_by(pair_of_run, length[shared], len(pairs))
    return Overlap(pred_ids, pred_areas, true_ids, true_areas, pair_pred, pair_true, intersection, pred.size)


def _label_image(labels: ArrayLike, name: str) -> NDArray[np.integer]:
    array = np.asarray(labels)
    if array.dtype.kind not in "biu" and array.size:
        raise ValueError(f"{name} holds {array.dtype}; a label image holds whole numbers")
    return array


def _objects(
    run_labels: NDArray[np.int64], length: NDArray[np.int64], name: str
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """List the objects, their areas, and for each run the position of its object (-1 for background)."""
    ids, at = np.unique(run_labels, return_inverse=True)
    if len(ids) and ids[0] < 0:
        raise ValueError(f"{name} holds the label {ids[0]}; labels are 0 (background) or more")
    areas = _sum_by(at, length, len(ids))
    if len(ids) and ids[0] == 0:
        return ids[1:], areas[1:], at - 1
    return ids, areas, at


def _sum_by(group: NDArray[np.int64], pixels: NDArray[np.int64], groups: int) -> NDArray[np.int64]:
    # bincount adds in float64, which is exact up to 2**53 pixels.
    return np.bincount(group, weights=pixels, minlength=groups).astype(np.int64)
