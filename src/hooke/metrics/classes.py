"""Scores by class of object: PQ per class, mPQ and the confusion matrix."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hooke.labels.classes import UNKNOWN
from hooke.labels.overlap import Overlap
from hooke.metrics.counts import Counts
from hooke.metrics.instance import PanopticQuality, panoptic_quality

_ABSENT = "none"
_Classed = tuple[Overlap, NDArray[np.str_], NDArray[np.str_]]


@dataclass(frozen=True, eq=False)
class ClassScores:
    """Scores by class over many images.

    Parameters
    ----------
    per_class : dict of str to PanopticQuality
        Each class pooled over the images.
    bpq : float
        Binary PQ: PQ without regard to class, averaged over the images that have true objects.
    mpq : float
        Multi-class PQ as in PanNuke (Gamper et al. 2020, section 4.1): in each image the mean of PQ over the classes
        that have true objects there, then the mean over images.
    mpq_pooled : float
        The mean over classes of each class's pooled PQ; mPQ+ of CoNIC (Graham et al. 2024).
    confusion : DataFrame
        Pairs with an IoU over 0.5, of any class: rows are true classes, columns predicted ones; row and column
        ``none`` count predicted and true objects without a partner.
    """

    per_class: dict[str, PanopticQuality]
    bpq: float
    mpq: float
    mpq_pooled: float
    confusion: pd.DataFrame

    @property
    def accuracy(self) -> float:
        """Share of the pairs whose classes agree; NaN when there is no pair."""
        known = self.confusion.drop(index=_ABSENT, columns=_ABSENT).to_numpy()
        return float(np.trace(known) / known.sum()) if known.sum() else float("nan")

    def to_dict(self) -> dict[str, Any]:
        """Give the same as plain dictionaries, ready for JSON."""
        per_class = {
            name: {"pq": quality.pq, "sq": quality.sq, "rq": quality.rq, **asdict(quality.counts)}
            for name, quality in self.per_class.items()
        }
        whole = {"bpq": self.bpq, "mpq": self.mpq, "mpq_pooled": self.mpq_pooled, "accuracy": self.accuracy}
        return {**whole, "per_class": per_class, "confusion": self.confusion.to_dict(orient="index")}


def class_quality(
    overlap: Overlap, pred_classes: NDArray[np.str_], true_classes: NDArray[np.str_]
) -> dict[str, PanopticQuality]:
    """Measure the panoptic quality of each class in one image.

    Objects match when their IoU is over 0.5 and their class is the same (Kirillov et al. 2019, section 4.1).

    Parameters
    ----------
    overlap : Overlap
        From `count_overlap(pred, truth)`.
    pred_classes, true_classes : ndarray of str, shape (P,) and (T,)
        Class of each object, in the order of `Overlap.pred_ids` and `Overlap.true_ids`.

    Returns
    -------
    dict of str to PanopticQuality
        For every class that either side has, in alphabetical order.
    """
    pairs = overlap.iou > 0.5
    true, pred, iou = true_classes[overlap.pair_true[pairs]], pred_classes[overlap.pair_pred[pairs]], overlap.iou[pairs]
    quality = {}
    for name in sorted({*pred_classes.tolist(), *true_classes.tolist()}):
        hit = (true == name) & (pred == name)
        tp, n_pred = int(hit.sum()), int((pred_classes == name).sum())
        counts = Counts(tp, n_pred - tp, int((true_classes == name).sum()) - tp)
        quality[name] = PanopticQuality(counts, float(iou[hit].sum()))
    return quality


def class_scores(images: Sequence[_Classed], ignore: Collection[str] = ()) -> ClassScores:
    """Measure PQ by class, and which class is taken for which, over many images.

    Parameters
    ----------
    images : sequence of (Overlap, pred_classes, true_classes)
        As `class_quality` takes them.
    ignore : collection of str
        True objects of these classes are left out, and the predicted ones that match them, too; except for `bpq`, which
        ignores classes.

    Returns
    -------
    ClassScores
    """
    binary = [panoptic_quality(overlap).pq for overlap, _, _ in images if overlap.n_true]
    images = [_without(*image, ignore) for image in images] if ignore else images
    per_image = [class_quality(*image) for image in images]
    per_class = {
        name: _pool([quality[name] for quality in per_image if name in quality])
        for name in sorted({name for quality in per_image for name in quality})
    }
    multi = [
        _mean([found.pq for found in quality.values() if found.counts.tp + found.counts.fn])
        for quality, (overlap, _, _) in zip(per_image, images, strict=True)
        if overlap.n_true
    ]
    # Objects that are merely called unknown are misses of their class, and no class of their own.
    meant = [name for name, quality in per_class.items() if name != UNKNOWN or quality.counts.tp + quality.counts.fn]
    return ClassScores(
        per_class=per_class,
        bpq=_mean(binary),
        mpq=_mean(multi),
        mpq_pooled=_mean([per_class[name].pq for name in meant if name not in ignore]),
        confusion=_confusion(images, list(per_class)),
    )


def _without(
    overlap: Overlap, pred_classes: NDArray[np.str_], true_classes: NDArray[np.str_], ignore: Collection[str]
) -> _Classed:
    """Take true objects of some classes away, and the predicted ones that match them."""
    true_kept = ~np.isin(true_classes, list(ignore))
    pred_kept = np.ones(overlap.n_pred, np.bool_)
    pred_kept[overlap.pair_pred[(overlap.iou > 0.5) & ~true_kept[overlap.pair_true]]] = False
    pairs = true_kept[overlap.pair_true] & pred_kept[overlap.pair_pred]
    rest = replace(
        overlap,
        pred_ids=overlap.pred_ids[pred_kept],
        pred_areas=overlap.pred_areas[pred_kept],
        true_ids=overlap.true_ids[true_kept],
        true_areas=overlap.true_areas[true_kept],
        pair_pred=(np.cumsum(pred_kept) - 1)[overlap.pair_pred[pairs]],
        pair_true=(np.cumsum(true_kept) - 1)[overlap.pair_true[pairs]],
        intersection=overlap.intersection[pairs],
    )
    return rest, pred_classes[pred_kept], true_classes[true_kept]


def _pool(qualities: Sequence[PanopticQuality]) -> PanopticQuality:
    tp, fp, fn = (sum(getattr(quality.counts, part) for quality in qualities) for part in ("tp", "fp", "fn"))
    return PanopticQuality(Counts(tp, fp, fn), sum(quality.iou_sum for quality in qualities))


def _mean(values: Sequence[float]) -> float:
    return float(np.mean(values)) if len(values) else float("nan")


def _confusion(images: Sequence[_Classed], classes: Sequence[str]) -> pd.DataFrame:
    names = [*classes, _ABSENT]
    table = np.zeros((len(names), len(names)), np.int64)
    for overlap, pred_classes, true_classes in images:
        pred, true = (np.searchsorted(classes, named) for named in (pred_classes, true_classes))
        pairs = overlap.iou > 0.5
        at_true, at_pred = overlap.pair_true[pairs], overlap.pair_pred[pairs]
        np.add.at(table, (true[at_true], pred[at_pred]), 1)
        table[:-1, -1] += np.bincount(np.delete(true, at_true), minlength=len(classes))
        table[-1, :-1] += np.bincount(np.delete(pred, at_pred), minlength=len(classes))
    return pd.DataFrame(table, index=names, columns=names)
