"""Matches predicted points with true masks or true points."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hooke.labels.objects import Objects
from hooke.metrics.counts import Counts
from hooke.metrics.matching import assign_pairs


@dataclass(frozen=True, eq=False)
class PointMatching:
    """Predicted points that found something.

    Parameters
    ----------
    pred : ndarray of int64, shape (TP,)
        Positions of the predicted points.
    true : ndarray of int64, shape (TP,)
        The label of the mask, or the position of the true point, that each found.
    counts : Counts
        Points that found something (tp), that did not (fp), and what was not found (fn).
    """

    pred: NDArray[np.int64]
    true: NDArray[np.int64]
    counts: Counts


def match_points_in_masks(points: ArrayLike, truth: NDArray[np.integer], n_true: int | None = None) -> PointMatching:
    """Match each point to the true mask that it lies in, unless an earlier point has claimed it.

    The published measure of the DKFZ's cell detection ("Segmentation Based Cell Classification"). Put the points that
    are in order of decreasing score.

    Parameters
    ----------
    points : array of float, shape (P, 2)
        Predicted (y, x) in pixels; a point belongs to the pixel whose centre is nearest. One outside the image finds
        nothing.
    truth : ndarray of integer, shape (Y, X)
        Label image.
    n_true : int, optional
        Its number of objects, where that is known already.

    Returns
    -------
    PointMatching

    Examples
    --------
    >>> truth = np.array([[1, 1, 0], [0, 0, 2]])
    >>> match_points_in_masks([(0, 0.2), (0, 1), (0, 2)], truth).counts
    Counts(tp=1, fp=2, fn=1)
    """
    points = _as_points(points)
    with np.errstate(invalid="ignore"):
        pixel = np.floor(points + 0.5)
        inside = ((pixel >= 0) & (pixel < truth.shape)).all(axis=1)
    hit = np.zeros(len(points), np.int64)
    row, column = pixel[inside].astype(np.int64).T
    hit[inside] = truth[row, column]
    labels, first = np.unique(hit, return_index=True)
    found = labels > 0
    if n_true is None:
        n_true = int(np.count_nonzero(np.unique(truth)))
    return _matching(first[found], labels[found], len(points), n_true)


def match_points_by_distance(points: ArrayLike, true_points: ArrayLike, max_distance: float) -> PointMatching:
    """Match points one to one to true points at most `max_distance` away.

    As many pairs as possible are made and, among equally many, those of the least summed distance.

    Parameters
    ----------
    points, true_points : array of float, shape (P, 2) and (T, 2)
        (y, x).
    max_distance : float
        In the unit of the points; over 0.

    Returns
    -------
    PointMatching

    Raises
    ------
    ValueError
        When the distance is not over 0.

    Examples
    --------
    >>> match_points_by_distance([(0, 0), (0, 3)], [(0, 2)], max_distance=2).pred.tolist()
    [1]
    """
    if not max_distance > 0:
        raise ValueError(f"the largest distance is {max_distance}; it must be over 0")
    points, true_points = _as_points(points), _as_points(true_points)
    pred, true, distance = _near_pairs(points, true_points, max_distance)
    # Each pair is worth more than all the distance that could be saved by making one pair fewer.
    worth = 1 + (1 - distance / max_distance) / (len(distance) + 1)
    chosen = assign_pairs(true, pred, worth)
    return _matching(pred[chosen], true[chosen], len(points), len(true_points))


def inner_points(labels: NDArray[np.integer], objects: Objects) -> NDArray[np.float64]:
    """Give a point in each object: its centroid, or where that lies outside, the pixel of it nearest to the centroid.

    Parameters
    ----------
    labels : ndarray of integer, shape (Y, X)
        Label image.
    objects : Objects
        From `find_objects(labels)`.

    Returns
    -------
    ndarray of float64, shape (N, 2)
        (y, x), in the order of `objects.ids`.
    """
    points = objects.centroids.copy()
    row, column = np.floor(points + 0.5).astype(np.int64).T
    for index in np.flatnonzero(labels[row, column] != objects.ids):
        top, left, bottom, right = objects.boxes[index]
        own = np.argwhere(labels[top:bottom, left:right] == objects.ids[index]) + np.array((top, left))
        points[index] = own[np.argmin(((own - points[index]) ** 2).sum(axis=1))]
    return points


def _as_points(points: ArrayLike) -> NDArray[np.float64]:
    return np.asarray(points, np.float64).reshape(-1, 2)


def _near_pairs(
    points: NDArray[np.float64], true_points: NDArray[np.float64], reach: float
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """All pairs at most `reach` apart: positions of both, and the distance."""
    order = np.argsort(true_points[:, 0], kind="stable")
    first = np.searchsorted(true_points[order, 0], points[:, 0] - reach, side="left")
    last = np.searchsorted(true_points[order, 0], points[:, 0] + reach, side="right")
    # For each point the true ones of its strip of rows.
    in_strip = last - first
    pred = np.repeat(np.arange(len(points)), in_strip)
    within = np.arange(len(pred)) - np.repeat(np.cumsum(in_strip) - in_strip, in_strip)
    true = order[np.repeat(first, in_strip) + within]
    distance = np.hypot(*(points[pred] - true_points[true]).T)
    near = distance <= reach
    return pred[near], true[near], distance[near]


def _matching(pred: NDArray[np.int64], true: NDArray[np.int64], n_pred: int, n_true: int) -> PointMatching:
    tp = len(pred)
    return PointMatching(pred.astype(np.int64), true.astype(np.int64), Counts(tp, n_pred - tp, n_true - tp))
