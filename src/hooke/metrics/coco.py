"""Computes COCO's average precision and recall of masks.

Unlike `average_precision` it ranks the predicted objects of all images by confidence and averages precision over
recall. Definitions and order of ties are those of pycocotools' COCOeval; limits are those of LIVECell.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hooke.labels.objects import SIZE_EDGES, SIZES
from hooke.labels.overlap import Overlap
from hooke.metrics.instance import DSB_THRESHOLDS

# Rounded as pycocotools has them: 0.35 comes out a trifle above, and a recall of 7/20 does not reach it.
_RECALLS = np.linspace(0, 1, 101)
_UNLIMITED = float("inf")


@dataclass(frozen=True, eq=False)
class CocoScores:
    """COCO's scores of one class of objects.

    Parameters
    ----------
    thresholds : tuple of float
        IoU thresholds, H of them.
    precision : ndarray of float64, shape (H, 101)
        Precision at recall 0, 0.01 … 1, made to fall with recall; NaN when there is no true object.
    recall : ndarray of float64, shape (H,)
        Recall when every predicted object is kept.
    ap_by_size : dict of str to float
        AP of small, medium and large objects (see `SIZE_EDGES`); NaN where there is none.
    """

    thresholds: tuple[float, ...]
    precision: NDArray[np.float64]
    recall: NDArray[np.float64]
    ap_by_size: dict[str, float]

    @property
    def ap(self) -> float:
        """Mean of `precision`, over recall and thresholds."""
        return float(self.precision.mean())

    @property
    def ar(self) -> float:
        """Mean of `recall` over thresholds."""
        return float(self.recall.mean())

    def ap_at(self, threshold: float) -> float:
        """Mean precision over recall at one of the thresholds."""
        return float(self.precision[self.thresholds.index(threshold)].mean())

    def to_dict(self) -> dict[str, Any]:
        """Give the scores as plain numbers, ready for JSON."""
        by_threshold = {f"coco_ap_{100 * t:g}": self.ap_at(t) for t in self.thresholds}
        by_size = {f"coco_ap_{size}": ap for size, ap in self.ap_by_size.items()}
        return {"coco_ap": self.ap, "coco_ar": self.ar, **by_threshold, **by_size}


def coco_scores(
    images: Sequence[tuple[Overlap, NDArray[np.floating]]],
    *,
    thresholds: Sequence[float] = DSB_THRESHOLDS,
    max_detections: int = 2000,
    size_edges: tuple[float, float] = SIZE_EDGES,
) -> CocoScores:
    """Measure COCO's average precision (Lin et al. 2014, "Microsoft COCO"; cocodataset.org, detection evaluation).

    In each image the predicted objects, highest score first, take the unmatched true object that they overlap best, if
    its IoU is at least the threshold. Precision and recall then follow the ranking of all images' objects together.

    Parameters
    ----------
    images : sequence of (Overlap, array of float, shape (P,))
        Per image what overlaps, and the confidence of each predicted object in the order of `Overlap.pred_ids`.
    thresholds : sequence of float
        IoU thresholds.
    max_detections : int
        Of each image only this many objects with the highest scores count: LIVECell's 2000 (COCO has 100).
    size_edges : (float, float)
        Areas in pixels that part small, medium and large objects; an object at an edge belongs to both sides, as in
        COCO. LIVECell's 18² and 31² (COCO has 32² and 96²).

    Returns
    -------
    CocoScores

    Examples
    --------
    >>> from hooke.metrics import count_overlap
    >>> overlap = count_overlap(pred=[[1, 1, 0, 2]], truth=[[5, 5, 0, 0]])
    >>> coco_scores([(overlap, np.array([0.9, 0.2]))]).ap, coco_scores([(overlap, np.array([0.2, 0.9]))]).ap
    (1.0, 0.5)
    """
    candidates = [_Candidates(overlap, np.asarray(scores), max_detections) for overlap, scores in images]
    lower, upper = (0.0, *size_edges), (*size_edges, _UNLIMITED)
    precision, recall = _curves(candidates, thresholds, (0, _UNLIMITED))
    by_size = {
        size: float(_curves(candidates, thresholds, between)[0].mean())
        for size, between in zip(SIZES, zip(lower, upper, strict=True), strict=True)
    }
    return CocoScores(tuple(thresholds), precision, recall, by_size)


class _Candidates:
    """One image: its predicted objects by falling confidence, and the pairs that overlap."""

    def __init__(self, overlap: Overlap, scores: NDArray[np.floating], max_detections: int) -> None:
        kept = np.argsort(-scores, kind="stable")[:max_detections]
        rank = np.full(overlap.n_pred, -1)
        rank[kept] = np.arange(len(kept))
        self.scores, self.pred_areas, self.true_areas = scores[kept], overlap.pred_areas[kept], overlap.true_areas
        there = rank[overlap.pair_pred] >= 0
        self.pred, self.true, self.iou = rank[overlap.pair_pred][there], overlap.pair_true[there], overlap.iou[there]

    def match(self, threshold: float, ignored: NDArray[np.bool_]) -> NDArray[np.int64]:
        """The true object that each predicted one takes, or -1; those ignored are taken last."""
        reached = np.flatnonzero(self.iou >= min(threshold, 1 - 1e-10))
        pred, true = self.pred[reached], self.true[reached]
        # Among equal IoUs COCOeval takes the later true object.
        order = np.lexsort((-true, -self.iou[reached], ignored[true], pred))
        pred, true = pred[order], true[order]
        partner = np.full(len(self.scores), -1)
        rivals = (np.bincount(pred)[pred] > 1) | (np.bincount(true)[true] > 1)
        partner[pred[~rivals]] = true[~rivals]
        taken: set[int] = set()
        for found, truth in zip(pred[rivals].tolist(), true[rivals].tolist(), strict=True):
            if partner[found] < 0 and truth not in taken:
                partner[found] = truth
                taken.add(truth)
        return partner


def _curves(
    images: Sequence[_Candidates], thresholds: Sequence[float], area: tuple[float, float]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Precision at each recall, and the final recall, for each threshold; of objects with an area in between."""
    ignored = [_outside(image.true_areas, area) for image in images]
    n_true = sum(int(np.count_nonzero(~flags)) for flags in ignored)
    if n_true == 0:
        return np.full((len(thresholds), len(_RECALLS)), np.nan), np.full(len(thresholds), np.nan)
    order = np.argsort(-np.concatenate([image.scores for image in images]), kind="stable")
    precision, recall = [], []
    for threshold in thresholds:
        verdicts = [_verdicts(image, threshold, flags, area) for image, flags in zip(images, ignored, strict=True)]
        hit, counted = np.concatenate(verdicts, axis=1)[:, order]
        along, final = _curve(hit[counted], n_true)
        precision.append(along)
        recall.append(final)
    return np.array(precision), np.array(recall)


def _verdicts(
    image: _Candidates, threshold: float, ignored: NDArray[np.bool_], area: tuple[float, float]
) -> NDArray[np.bool_]:
    """For each predicted object whether it is a hit, and whether it counts, shape (2, P)."""
    partner = image.match(threshold, ignored)
    hit = partner >= 0
    uncounted = _outside(image.pred_areas, area)
    uncounted[hit] = ignored[partner[hit]]
    return np.stack((hit, ~uncounted))


def _curve(hits: NDArray[np.bool_], n_true: int) -> tuple[NDArray[np.float64], float]:
    """Precision at the 101 recalls, and the final recall, of hits and misses by falling confidence."""
    along = np.zeros(len(_RECALLS))
    if not len(hits):
        return along, 0.0
    tp = np.cumsum(hits)
    recall, precision = tp / n_true, tp / np.arange(1, len(hits) + 1)
    falling = np.maximum.accumulate(precision[::-1])[::-1]
    at = np.searchsorted(recall, _RECALLS, side="left")
    reached = at < len(hits)
    along[reached] = falling[at[reached]]
    return along, float(recall[-1])


def _outside(areas: NDArray[np.int64], between: tuple[float, float]) -> NDArray[np.bool_]:
    return (areas < between[0]) | (areas > between[1])
