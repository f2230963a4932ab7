"""Computes all scores of an image as one flat dictionary.

Scores are made from counts that add up over images (`count_image`), by one function (`score_counts`): given the counts
of one image it makes that image's scores, given their sum over many it makes the pooled ones.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import ArrayLike

from hooke.labels.objects import SIZES, size_classes
from hooke.metrics.comparison import Comparison, compare
from hooke.metrics.counts import Counts
from hooke.metrics.instance import (
    DSB_THRESHOLDS,
    AggregatedJaccard,
    PanopticQuality,
    aggregated_jaccard,
    panoptic_quality,
)
from hooke.metrics.matching import match
from hooke.metrics.outcome import ERRORS, MATCHED
from hooke.metrics.pixel import pixel_accuracy, pixel_counts

#: Which kinds of error there are on which side, as named in `count_comparison`.
ERROR_COUNTS = (
    *(f"true_{kind}" for kind in ERRORS if kind != "spurious"),
    *(f"pred_{kind}" for kind in ERRORS if kind != "missed"),
)


def score_image(
    pred: ArrayLike, truth: ArrayLike, *, threshold: float = 0.5, thresholds: Sequence[float] = DSB_THRESHOLDS
) -> dict[str, float]:
    """Score one predicted label image against the true one.

    Parameters
    ----------
    pred, truth : array of bool or of any integer type, same shape, usually (Y, X)
        Label images: 0 is background, every other value one object.
    threshold, thresholds : float, sequence of float
        As in `count_image`.

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
    counts = count_image(pred, truth, threshold=threshold, thresholds=thresholds)
    return score_counts(counts) | counts


def count_image(
    pred: ArrayLike, truth: ArrayLike, *, threshold: float = 0.5, thresholds: Sequence[float] = DSB_THRESHOLDS
) -> dict[str, float]:
    """Count everything that the scores of one image, or pooled over images, are made of.

    Parameters
    ----------
    pred, truth : array of bool or of any integer type, same shape, usually (Y, X)
        Label images: 0 is background, every other value one object.
    threshold : float
        The IoU from which objects match for kinds of error, sizes and boundaries.
    thresholds : sequence of float
        IoU thresholds at which to count matches; those of the DSB score among them.

    Returns
    -------
    dict of str to float
        See `count_comparison`.

    Raises
    ------
    ValueError
        When the shapes differ, values are not whole numbers, or one is negative.
    """
    return count_comparison(compare(pred, truth, threshold), thresholds)


def count_comparison(comparison: Comparison, thresholds: Sequence[float] = DSB_THRESHOLDS) -> dict[str, float]:
    """Count as `count_image` does, from what is compared already.

    Parameters
    ----------
    comparison : Comparison
        From `compare(pred, truth)`.
    thresholds : sequence of float
        IoU thresholds at which to count matches; those of the DSB score among them.

    Returns
    -------
    dict of str to float
        ``n_true, n_pred`` objects; ``pixels`` of the image; ``pixel_tp, pixel_fp, pixel_fn`` pixels of foreground;
        ``tp_50, fp_50, fn_50`` … ``tp_95, fp_95, fn_95`` objects at each IoU threshold; ``pq_tp, pq_iou_sum``;
        ``aji_intersection, aji_union`` and ``aji_plus_intersection, aji_plus_union`` in pixels; at the comparison's
        threshold ``boundary_pred_hits, boundary_pred, boundary_true_hits, boundary_true`` in pixels of boundary,
        ``small_tp, small_fp, small_fn`` … by size, and `ERROR_COUNTS` by kind of error; ``point_tp, point_fp,
        point_fn`` of detection by points.
    """
    overlap = comparison.overlap
    pixel, panoptic = pixel_counts(overlap), panoptic_quality(overlap)
    aji, aji_plus = aggregated_jaccard(overlap), aggregated_jaccard(overlap, one_to_one=True)
    counts: dict[str, float] = {"n_true": overlap.n_true, "n_pred": overlap.n_pred, "pixels": overlap.pixels}
    counts |= _as_columns("pixel_{}", pixel)
    for threshold in thresholds:
        counts |= _as_columns(f"{{}}_{_hundredths(threshold)}", match(overlap, threshold).counts)
    counts |= {"pq_tp": panoptic.counts.tp, "pq_iou_sum": panoptic.iou_sum}
    counts |= {"aji_intersection": aji.intersection, "aji_union": aji.union}
    counts |= {"aji_plus_intersection": aji_plus.intersection, "aji_plus_union": aji_plus.union}
    counts |= _as_columns("point_{}", comparison.points.counts)
    return counts | _boundary_columns(comparison) | _size_columns(comparison) | _error_columns(comparison)


def _boundary_columns(comparison: Comparison) -> dict[str, float]:
    boundary = comparison.boundary
    return {
        "boundary_pred_hits": int(boundary.pred_hits.sum()),
        "boundary_pred": boundary.all_pred,
        "boundary_true_hits": int(boundary.true_hits.sum()),
        "boundary_true": boundary.all_true,
    }


def _size_columns(comparison: Comparison) -> dict[str, float]:
    """Hits and misses by the size of the true object, false alarms by that of the predicted one."""
    overlap, outcomes = comparison.overlap, comparison.outcomes
    true_size, pred_size = size_classes(overlap.true_areas), size_classes(overlap.pred_areas)
    found, alarm = outcomes.true == MATCHED, outcomes.pred != MATCHED
    tp, fn = (np.bincount(true_size[which], minlength=len(SIZES)) for which in (found, ~found))
    fp = np.bincount(pred_size[alarm], minlength=len(SIZES))
    columns: dict[str, float] = {}
    for index, size in enumerate(SIZES):
        columns |= _as_columns(f"{size}_{{}}", Counts(int(tp[index]), int(fp[index]), int(fn[index])))
    return columns


def _error_columns(comparison: Comparison) -> dict[str, float]:
    columns: dict[str, float] = {}
    for name in ERROR_COUNTS:
        side, kind = name.split("_")
        columns[name] = int(np.count_nonzero(getattr(comparison.outcomes, side) == kind))
    return columns


def score_counts(counts: Mapping[str, float]) -> dict[str, float]:
    """Make scores from the counts of one image, or from their sum over many.

    Parameters
    ----------
    counts : mapping of str to float
        Those of `count_comparison`, or their sums.

    Returns
    -------
    dict of str to float
        0..1 each: ``pixel_iou, pixel_dice, pixel_precision, pixel_recall, pixel_accuracy``; ``precision_50, recall_50,
        f1_50, ap_50`` … ``precision_95, recall_95, f1_95, ap_95`` of objects; ``dsb``; ``pq, sq, rq``;
        ``aji, aji_plus``; ``boundary_precision, boundary_recall, boundary_f`` (boundary pixels of objects that are not
        matched are misses); ``point_precision, point_recall, point_f1``.
    """
    pixel = _from_columns("pixel_{}", counts)
    scores = {
        "pixel_iou": pixel.jaccard,
        "pixel_dice": pixel.f1,
        "pixel_precision": pixel.precision,
        "pixel_recall": pixel.recall,
        "pixel_accuracy": pixel_accuracy(pixel, int(counts["pixels"])),
    }
    for percent in (name.removeprefix("tp_") for name in counts if name.startswith("tp_")):
        objects = _from_columns(f"{{}}_{percent}", counts)
        scores |= {
            f"precision_{percent}": objects.precision,
            f"recall_{percent}": objects.recall,
            f"f1_{percent}": objects.f1,
            f"ap_{percent}": objects.jaccard,
        }
    scores["dsb"] = sum(scores[f"ap_{_hundredths(threshold)}"] for threshold in DSB_THRESHOLDS) / len(DSB_THRESHOLDS)
    points = _from_columns("point_{}", counts)
    detection = {"point_precision": points.precision, "point_recall": points.recall, "point_f1": points.f1}
    return scores | _area_scores(counts) | _boundary_scores(counts) | detection


def score_sizes(counts: Mapping[str, float]) -> dict[str, dict[str, float]]:
    """Make the scores of small, medium and large objects apart, at the IoU threshold of the comparison.

    Parameters
    ----------
    counts : mapping of str to float
        Those of `count_comparison`, or their sums.

    Returns
    -------
    dict of str to dict of str to float
        For each of `SIZES`: ``n_true`` objects, ``precision, recall, f1, ap``. Hits and misses are of the true
        object's size, false alarms of the predicted one's.
    """
    sizes = {}
    for size in SIZES:
        part = _from_columns(f"{size}_{{}}", counts)
        ratios = {"precision": part.precision, "recall": part.recall, "f1": part.f1, "ap": part.jaccard}
        sizes[size] = {"n_true": part.tp + part.fn, **ratios}
    return sizes


def _boundary_scores(counts: Mapping[str, float]) -> dict[str, float]:
    nothing = counts["boundary_pred"] + counts["boundary_true"] == 0
    precision, recall = (
        1.0 if nothing else counts[f"boundary_{side}_hits"] / max(counts[f"boundary_{side}"], 1)
        for side in ("pred", "true")
    )
    f = 2 * precision * recall / (precision + recall) if precision + recall else 0.0
    return {"boundary_precision": precision, "boundary_recall": recall, "boundary_f": f}


def _area_scores(counts: Mapping[str, float]) -> dict[str, float]:
    """Make the scores that weigh how well objects are outlined: panoptic quality and aggregated Jaccard."""
    tp = int(counts["pq_tp"])
    panoptic = PanopticQuality(Counts(tp, int(counts["n_pred"]) - tp, int(counts["n_true"]) - tp), counts["pq_iou_sum"])
    aji = AggregatedJaccard(int(counts["aji_intersection"]), int(counts["aji_union"]))
    aji_plus = AggregatedJaccard(int(counts["aji_plus_intersection"]), int(counts["aji_plus_union"]))
    return {"pq": panoptic.pq, "sq": panoptic.sq, "rq": panoptic.rq, "aji": aji.aji, "aji_plus": aji_plus.aji}


def _hundredths(threshold: float) -> str:
    return f"{100 * threshold:g}"


def _as_columns(pattern: str, counts: Counts) -> dict[str, float]:
    return {pattern.format("tp"): counts.tp, pattern.format("fp"): counts.fp, pattern.format("fn"): counts.fn}


def _from_columns(pattern: str, counts: Mapping[str, float]) -> Counts:
    return Counts(*(int(counts[pattern.format(part)]) for part in ("tp", "fp", "fn")))
