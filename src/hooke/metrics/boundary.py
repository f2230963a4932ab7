"""Measures the outlines of matched objects: boundary F and distances.

An object's boundary is its pixels that have a pixel of something else, or the image's edge, above, below or beside.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from hooke.labels.borders import differs_beside
from hooke.metrics.matching import Matching

#: Pixels that two boundaries may lie apart and still agree.
BOUNDARY_TOLERANCE = 2.0


@dataclass(frozen=True, eq=False)
class BoundaryAgreement:
    """Boundary pixels that lie near the boundary of the partner, pair by pair and in all.

    Parameters
    ----------
    pred_hits, pred_pixels, true_hits, true_pixels : ndarray of int64, shape (TP,)
        For each matched pair: boundary pixels of the predicted object near the true one's boundary, of how many; and
        the other way round.
    all_pred, all_true : int
        Boundary pixels of all objects, those without a partner included.
    """

    pred_hits: NDArray[np.int64]
    pred_pixels: NDArray[np.int64]
    true_hits: NDArray[np.int64]
    true_pixels: NDArray[np.int64]
    all_pred: int
    all_true: int

    @property
    def f(self) -> NDArray[np.float64]:
        """Boundary F-score of each pair, 0..1: the harmonic mean of the two shares of hits."""
        precision, recall = self.pred_hits / self.pred_pixels, self.true_hits / self.true_pixels
        total = precision + recall
        score: NDArray[np.float64] = np.divide(2 * precision * recall, total, out=np.zeros_like(total), where=total > 0)
        return score


def boundary_agreement(
    pred: NDArray[np.integer], truth: NDArray[np.integer], matching: Matching, tolerance: float = BOUNDARY_TOLERANCE
) -> BoundaryAgreement:
    """Count the boundary pixels of matched objects that lie within a distance of the partner's boundary.

    The F-score made of them is that of Csurka et al. 2013, "What is a good evaluation measure for semantic
    segmentation?", object by object.

    Parameters
    ----------
    pred, truth : ndarray of integer, same shape (Y, X)
        Label images.
    matching : Matching
        Of these label images.
    tolerance : float
        Pixels, between pixel centres.

    Returns
    -------
    BoundaryAgreement
    """
    pred_edge, true_edge = _Edge(pred), _Edge(truth)
    pred_hits, pred_pixels = _near(pred_edge, true_edge, matching.pred_ids, matching.true_ids, tolerance)
    true_hits, true_pixels = _near(true_edge, pred_edge, matching.true_ids, matching.pred_ids, tolerance)
    all_pred, all_true = len(pred_edge.labels), len(true_edge.labels)
    return BoundaryAgreement(pred_hits, pred_pixels, true_hits, true_pixels, all_pred, all_true)


def hausdorff_distance(
    pred: NDArray[np.integer], truth: NDArray[np.integer], matching: Matching, percentile: float = 95
) -> NDArray[np.float64]:
    """Measure how far the boundaries of matched objects lie apart.

    For each boundary pixel of one object the distance to the nearest of the other's; of these the percentile, which
    leaves out single stray pixels; of the two directions the larger (Maier-Hein et al. 2024, "Metrics reloaded",
    supplement; with 100 it is the Hausdorff distance).

    Parameters
    ----------
    pred, truth : ndarray of integer, same shape (Y, X)
        Label images.
    matching : Matching
        Of these label images.
    percentile : float
        0..100, interpolated linearly between distances.

    Returns
    -------
    ndarray of float64, shape (TP,)
        Pixels.
    """
    pred_edge, true_edge = _Edge(pred), _Edge(truth)
    distances = np.empty(len(matching.pred_ids))
    for index, (pred_id, true_id) in enumerate(zip(matching.pred_ids, matching.true_ids, strict=True)):
        pred_points, true_points = pred_edge.points(pred_id), true_edge.points(true_id)
        both = (_distances(pred_points, true_points), _distances(true_points, pred_points))
        distances[index] = max(np.percentile(directed, percentile) for directed in both)
    return distances


class _Edge:
    """Boundary pixels of a label image, sorted by label."""

    def __init__(self, labels: NDArray[np.integer]) -> None:
        # A margin of background stands for the image's edge.
        edge = differs_beside(np.pad(labels, 1)) & (labels > 0)
        rows, columns = np.divmod(np.flatnonzero(edge), max(labels.shape[1], 1))
        labels_there = labels[rows, columns]
        order = np.argsort(labels_there, kind="stable")
        self.shape = labels.shape
        self.rows, self.columns, self.labels = rows[order], columns[order], labels_there[order]

    def points(self, label: int) -> NDArray[np.int64]:
        """The (y, x) of one object's boundary, shape (n, 2)."""
        first, last = np.searchsorted(self.labels, (label, label + 1))
        return np.stack((self.rows[first:last], self.columns[first:last]), axis=1)


def _near(
    edge: _Edge, other: _Edge, ids: NDArray[np.int64], partners: NDArray[np.int64], tolerance: float
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Count for each object of `ids` its boundary pixels near the partner's boundary, and all of them."""
    reach = int(tolerance)
    drawn = np.zeros((other.shape[0] + 2 * reach, other.shape[1] + 2 * reach), np.int64)
    drawn[other.rows + reach, other.columns + reach] = other.labels
    order = np.argsort(ids)
    at = np.searchsorted(ids, edge.labels, sorter=order)
    pair = order[np.minimum(at, len(ids) - 1)] if len(ids) else np.zeros(len(edge.labels), np.int64)
    paired = ids[pair] == edge.labels if len(ids) else np.zeros(len(edge.labels), bool)
    pair, wanted = pair[paired], partners[pair[paired]]
    flat, near = drawn.ravel(), np.zeros(len(pair), bool)
    place = (edge.rows[paired] + reach) * drawn.shape[1] + edge.columns[paired] + reach
    for dy in range(-reach, reach + 1):
        for dx in range(-reach, reach + 1):
            if dy * dy + dx * dx <= tolerance * tolerance:
                near |= flat[place + dy * drawn.shape[1] + dx] == wanted
    hits = np.bincount(pair[near], minlength=len(ids))
    return hits, np.bincount(pair, minlength=len(ids))


def _distances(points: NDArray[np.int64], others: NDArray[np.int64]) -> NDArray[np.float64]:
    """Distance from each point to the nearest of the others.

    OpenCV's roots differ in the last bit with the result's place in memory; the squares are whole, their roots exact.
    """
    corner = np.minimum(points.min(axis=0), others.min(axis=0))
    size = np.maximum(points.max(axis=0), others.max(axis=0)) - corner + 1
    canvas = np.ones(size, np.uint8)
    canvas[tuple((others - corner).T)] = 0
    field = cv2.distanceTransform(canvas, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    found = field[tuple((points - corner).T)].astype(np.float64)
    return np.asarray(np.sqrt(np.rint(found * found)))
