"""Compares two label images once; all scores and tables are computed from the result."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hooke.labels.objects import Objects, find_objects
from hooke.labels.overlap import Overlap, count_overlap
from hooke.metrics.boundary import BoundaryAgreement, boundary_agreement
from hooke.metrics.matching import Matching, match
from hooke.metrics.outcome import Outcomes, find_outcomes
from hooke.metrics.points import PointMatching, inner_points, match_points_in_masks


@dataclass(frozen=True, eq=False)
class Comparison:
    """A predicted and a true label image, compared.

    Parameters
    ----------
    overlap : Overlap
        Which objects share how many pixels.
    pred, true : Objects
        Where the objects of either image lie.
    matching : Matching
        Their pairs at one IoU threshold.
    outcomes : Outcomes
        What became of each object at that threshold.
    boundary : BoundaryAgreement
        How well the pairs are outlined.
    points : PointMatching
        Detection: the inner point of each predicted object against the true masks.
    """

    overlap: Overlap
    pred: Objects
    true: Objects
    matching: Matching
    outcomes: Outcomes
    boundary: BoundaryAgreement
    points: PointMatching


def compare(pred: ArrayLike, truth: ArrayLike, threshold: float = 0.5) -> Comparison:
    """Compare a predicted label image with the true one.

    Parameters
    ----------
    pred, truth : array of bool or of any integer type, same shape (Y, X)
        Label images: 0 is background, every other value one object.
    threshold : float
        The IoU from which objects match, over 0 up to 1.

    Returns
    -------
    Comparison

    Raises
    ------
    ValueError
        When the images are not a pair of label images, or the threshold is out of range.
    """
    overlap = count_overlap(pred, truth)
    pred_labels, true_labels = _plane(pred), _plane(truth)
    matching = match(overlap, threshold)
    pred_objects, true_objects = find_objects(pred_labels), find_objects(true_labels)
    return Comparison(
        overlap=overlap,
        pred=pred_objects,
        true=true_objects,
        matching=matching,
        outcomes=find_outcomes(overlap, matching, true_objects.touches_object),
        boundary=boundary_agreement(pred_labels, true_labels, matching),
        points=match_points_in_masks(inner_points(pred_labels, pred_objects), true_labels, overlap.n_true),
    )


def _plane(labels: ArrayLike) -> NDArray[np.integer]:
    """As an array of whole numbers with rows and columns; anything without pixels becomes a plane without pixels."""
    array = np.asarray(labels)
    if not array.size:
        return np.zeros((0, 0), np.int32)
    if array.dtype.kind == "b":
        array = array.astype(np.int32)
    return array.reshape(-1, array.shape[-1]) if array.ndim != 2 else array
