"""Computes average precision, the DSB score, panoptic quality and aggregated Jaccard from an `Overlap`.

Where neither image has an object every score is 1, as in the Data Science Bowl 2018.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hooke.labels.overlap import Overlap
from hooke.metrics.counts import Counts
from hooke.metrics.matching import assign_pairs, match

# Hundredths, and not sums of 0.05, so that an IoU of exactly 0.6 reaches the threshold 0.6.
DSB_THRESHOLDS: tuple[float, ...] = tuple(percent / 100 for percent in range(50, 100, 5))


def average_precision(overlap: Overlap, thresholds: Sequence[float] = DSB_THRESHOLDS) -> NDArray[np.float64]:
    """Give TP / (TP + FP + FN) of the objects at each IoU threshold.

    The name is the field's (Caicedo et al. 2019, "Nucleus segmentation across imaging experiments: the 2018 Data
    Science Bowl"; StarDist, Cellpose): there is no ranking by confidence in it, unlike in COCO's average precision.

    Parameters
    ----------
    overlap : Overlap
        From `count_overlap(pred, truth)`.
    thresholds : sequence of float
        IoU thresholds, each over 0 up to 1.

    Returns
    -------
    ndarray of float64, shape (len(thresholds),)
        0..1.
    """
    return np.array([match(overlap, threshold).counts.jaccard for threshold in thresholds], dtype=np.float64)


def dsb_score(overlap: Overlap) -> float:
    """Give the Data Science Bowl 2018 score of one image: its AP averaged over the thresholds 0.50, 0.55 … 0.95.

    The score of a data set is the mean over its images. The competition required an IoU greater than the threshold;
    here, as in StarDist and Cellpose, one equal to it counts too.

    Parameters
    ----------
    overlap : Overlap
        From `count_overlap(pred, truth)`.

    Returns
    -------
    float
        0..1; 1 when neither image has an object.
    """
    return float(average_precision(overlap).mean())


@dataclass(frozen=True)
class PanopticQuality:
    """Panoptic quality of one class, and its two factors: pq = sq * rq.

    Parameters
    ----------
    counts : Counts
        Objects matched at an IoU over 0.5, invented and missed.
    iou_sum : float
        Sum of the IoU of the matched pairs. It and `counts` can be summed over images to pool them.
    """

    counts: Counts
    iou_sum: float

    @property
    def pq(self) -> float:
        """Sum of IoU / (TP + FP / 2 + FN / 2): panoptic quality, 0..1."""
        return self.sq * self.rq

    @property
    def sq(self) -> float:
        """Sum of IoU / TP: segmentation quality, how well what was found is outlined; 0 when nothing matches."""
        if self.counts.empty:
            return 1.0
        return self.iou_sum / self.counts.tp if self.counts.tp else 0.0

    @property
    def rq(self) -> float:
        """TP / (TP + FP / 2 + FN / 2): recognition quality, which is F1."""
        return self.counts.f1


def panoptic_quality(overlap: Overlap) -> PanopticQuality:
    """Measure the panoptic quality (Kirillov et al. 2019, "Panoptic segmentation", equation 1).

    Pairs match when their IoU is over 0.5, not equal to it: that alone makes each match unique.

    Parameters
    ----------
    overlap : Overlap
        From `count_overlap(pred, truth)`.

    Returns
    -------
    PanopticQuality

    Examples
    --------
    >>> from hooke.metrics import count_overlap
    >>> quality = panoptic_quality(count_overlap([[1, 1, 1, 0, 2]], [[1, 1, 1, 1, 0]]))
    >>> quality.sq, round(quality.rq, 3), quality.pq
    (0.75, 0.667, 0.5)
    """
    matched = overlap.iou[overlap.iou > 0.5]
    tp = len(matched)
    return PanopticQuality(Counts(tp, overlap.n_pred - tp, overlap.n_true - tp), float(matched.sum()))


@dataclass(frozen=True)
class AggregatedJaccard:
    """Aggregated Jaccard index as its numerator and denominator; each can be summed over images to pool them.

    Parameters
    ----------
    intersection, union : int
        Pixels.
    """

    intersection: int
    union: int

    @property
    def aji(self) -> float:
        """Intersection / union, 0..1; 1 when neither image has an object."""
        return self.intersection / self.union if self.union else 1.0


def aggregated_jaccard(overlap: Overlap, *, one_to_one: bool = False) -> AggregatedJaccard:
    """Measure the aggregated Jaccard index, AJI, or its later form AJI+.

    Each true object is paired with a predicted one; AJI is the sum of the pairs' intersections over the sum of their
    unions, to which the areas of all objects without a partner are added.

    Parameters
    ----------
    overlap : Overlap
        From `count_overlap(pred, truth)`.
    one_to_one : bool
        False: AJI (Kumar et al. 2017, "A dataset and a technique for generalized nuclear segmentation for
        computational pathology", algorithm 1): each true object takes the prediction of the largest IoU (the lowest
        label among equal ones), even one that another took already.
        True: AJI+ (Graham et al. 2019, "HoVer-Net", section IV-B): one to one, with the largest summed IoU.

    Returns
    -------
    AggregatedJaccard
    """
    pairs = _pairs_of_largest_sum(overlap) if one_to_one else _best_pair_of_each_true(overlap)
    true_alone = overlap.true_areas.sum() - overlap.true_areas[overlap.pair_true[pairs]].sum()
    taken = np.unique(overlap.pair_pred[pairs])
    pred_alone = overlap.pred_areas.sum() - overlap.pred_areas[taken].sum()
    return AggregatedJaccard(
        intersection=int(overlap.intersection[pairs].sum()),
        union=int(overlap.union[pairs].sum() + true_alone + pred_alone),
    )


def _best_pair_of_each_true(overlap: Overlap) -> NDArray[np.int64]:
    order = np.lexsort((overlap.pair_pred, -overlap.iou, overlap.pair_true))
    _, first = np.unique(overlap.pair_true[order], return_index=True)
    best: NDArray[np.int64] = order[first]
    return best


def _pairs_of_largest_sum(overlap: Overlap) -> NDArray[np.int64]:
    return np.flatnonzero(assign_pairs(overlap.pair_true, overlap.pair_pred, overlap.iou))
