"""All scores at once, flat for a table: two label images in, one dictionary of numbers out.

Scores are made from counts that add up over images (`count_image`), by one function (`score_counts`): given the counts
of one image it makes that image's scores, given their sum over many it makes the pooled ones.
"""

from __future__ import annotations

from collections.abc import Mapping

from numpy.typing import ArrayLike

from hooke.metrics.counts import Counts
from hooke.metrics.instance import (
    DSB_THRESHOLDS,
    AggregatedJaccard,
    PanopticQuality,
    aggregated_jaccard,
    panoptic_quality,
)
from hooke.metrics.matching import match
from hooke.metrics.overlap import count_overlap
from hooke.metrics.pixel import pixel_accuracy, pixel_counts

__all__ = ["count_image", "score_counts", "score_image"]


def score_image(pred: ArrayLike, truth: ArrayLike) -> dict[str, float]:
    """Score one predicted label image against the true one.

    Parameters
    ----------
    pred, truth : array of bool or of any integer type, same shape, usually (Y, X)
        Label images: 0 is background, every other value one object.

    Returns
    -------
    dict of str to float
        The scores of `score_counts`, then the counts of `count_image`. In names, ``50`` … ``95`` are hundredths of the
        IoU threshold: ``ap_75`` is the average precision at 0.75.

    Raises
    ------
    ValueError
        When the shapes differ, values are not whole numbers, or one is negative.

    Examples
    --------
    >>> scores = score_image(pred=[[1, 1, 1, 0, 2]], truth=[[1, 1, 1, 1, 0]])
    >>> scores["pixel_iou"], scores["ap_50"], scores["pq"], scores["n_pred"]
    (0.6, 0.5, 0.5, 2)
    """
    counts = count_image(pred, truth)
    return score_counts(counts) | counts


def count_image(pred: ArrayLike, truth: ArrayLike) -> dict[str, float]:
    """Count everything that the scores of one image, or pooled over images, are made of.

    Parameters
    ----------
    pred, truth : array of bool or of any integer type, same shape, usually (Y, X)
        Label images: 0 is background, every other value one object.

    Returns
    -------
    dict of str to float
        ``n_true, n_pred`` objects; ``pixels`` of the image; ``pixel_tp, pixel_fp, pixel_fn`` pixels of foreground;
        ``tp_50, fp_50, fn_50`` … ``tp_95, fp_95, fn_95`` objects at each IoU threshold; ``pq_tp, pq_iou_sum``;
        ``aji_intersection, aji_union`` and ``aji_plus_intersection, aji_plus_union`` in pixels.

    Raises
    ------
    ValueError
        When the shapes differ, values are not whole numbers, or one is negative.
    """
    overlap = count_overlap(pred, truth)
    pixel, panoptic = pixel_counts(overlap), panoptic_quality(overlap)
    aji, aji_plus = aggregated_jaccard(overlap), aggregated_jaccard(overlap, one_to_one=True)
    counts: dict[str, float] = {"n_true": overlap.n_true, "n_pred": overlap.n_pred, "pixels": overlap.pixels}
    counts |= _as_columns("pixel_{}", pixel)
    for threshold in DSB_THRESHOLDS:
        counts |= _as_columns(f"{{}}_{_hundredths(threshold)}", match(overlap, threshold).counts)
    counts |= {"pq_tp": panoptic.counts.tp, "pq_iou_sum": panoptic.iou_sum}
    counts |= {"aji_intersection": aji.intersection, "aji_union": aji.union}
    counts |= {"aji_plus_intersection": aji_plus.intersection, "aji_plus_union": aji_plus.union}
    return counts


def score_counts(counts: Mapping[str, float]) -> dict[str, float]:
    """Make scores from the counts of one image, or from their sum over many.

    Parameters
    ----------
    counts : mapping of str to float
        Those of `count_image`, or their sums.

    Returns
    -------
    dict of str to float
        0..1 each: ``pixel_iou, pixel_dice, pixel_precision, pixel_recall, pixel_accuracy``; ``precision_50, recall_50,
        f1_50, ap_50`` … ``precision_95, recall_95, f1_95, ap_95`` of objects; ``dsb``; ``pq, sq, rq``;
        ``aji, aji_plus``.
    """
    pixel = _from_columns("pixel_{}", counts)
    scores = {
        "pixel_iou": pixel.jaccard,
        "pixel_dice": pixel.f1,
        "pixel_precision": pixel.precision,
        "pixel_recall": pixel.recall,
        "pixel_accuracy": pixel_accuracy(pixel, int(counts["pixels"])),
    }
    for percent in map(_hundredths, DSB_THRESHOLDS):
        objects = _from_columns(f"{{}}_{percent}", counts)
        scores |= {
            f"precision_{percent}": objects.precision,
            f"recall_{percent}": objects.recall,
            f"f1_{percent}": objects.f1,
            f"ap_{percent}": objects.jaccard,
        }
    scores["dsb"] = sum(scores[f"ap_{_hundredths(threshold)}"] for threshold in DSB_THRESHOLDS) / len(DSB_THRESHOLDS)
    return scores | _area_scores(counts)


def _area_scores(counts: Mapping[str, float]) -> dict[str, float]:
    """Make the scores that weigh how well objects are outlined: panoptic quality and aggregated Jaccard."""
    tp = int(counts["pq_tp"])
    panoptic = PanopticQuality(Counts(tp, int(counts["n_pred"]) - tp, int(counts["n_true"]) - tp), counts["pq_iou_sum"])
    aji = AggregatedJaccard(int(counts["aji_intersection"]), int(counts["aji_union"]))
    aji_plus = AggregatedJaccard(int(counts["aji_plus_intersection"]), int(counts["aji_plus_union"]))
    return {"pq": panoptic.pq, "sq": panoptic.sq, "rq": panoptic.rq, "aji": aji.aji, "aji_plus": aji_plus.aji}


def _hundredths(threshold: float) -> str:
    return f"{100 * threshold:.0f}"


def _as_columns(pattern: str, counts: Counts) -> dict[str, float]:
    return {pattern.format("tp"): counts.tp, pattern.format("fp"): counts.fp, pattern.format("fn"): counts.fn}


def _from_columns(pattern: str, counts: Mapping[str, float]) -> Counts:
    return Counts(*(int(counts[pattern.format(part)]) for part in ("tp", "fp", "fn")))
