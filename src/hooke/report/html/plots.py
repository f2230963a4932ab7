"""Draws the plots of an evaluation, each with its caption and its numbers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hooke.evaluation import Evaluation
from hooke.evaluation.saved_evaluation import Run
from hooke.metrics import ERRORS, MATCHED, SIZE_EDGES, SIZES, ClassScores, Summary
from hooke.report.html.charts import Bars, Curve, Estimate, bar_chart, curve_chart, interval_chart, scatter_chart
from hooke.report.html.markup import figure, interval, number, share, table, whole

_BINS = 10  # of the object score
# Columns of a breakdown by group: title, name in `hooke.metrics.score_counts`.
_MEANS = {"AP 0.5": "ap_50", "F1 0.5": "f1_50", "F1 0.9": "f1_90", "PQ": "pq", "matched IoU": "sq", "AJI+": "aji_plus"}
_POOLED = {"F1 0.9, pooled": "f1_90", "matched IoU, pooled": "sq"}


def ap_curves(evaluation: Evaluation, against: Sequence[Run] = ()) -> str:
    """AP over the IoU threshold, with its interval, and those of other runs."""
    summary, thresholds = evaluation.overall, evaluation.thresholds
    names = [ap_name(threshold) for threshold in thresholds]
    band = [summary.mean_interval[name] for name in names] if summary.mean_interval else None
    own = Curve("this run", thresholds, [summary.mean[name] for name in names], band)
    return curves_figure([own, *(run_curve(run) for run in against)])


def run_curve(run: Run) -> Curve:
    """AP over the IoU threshold of a saved run."""
    mean = run.scores["overall"]["mean"]
    thresholds = run.scores["iou_thresholds"]
    return Curve(run.name, thresholds, [mean[ap_name(threshold)] for threshold in thresholds])


def curves_figure(curves: Sequence[Curve]) -> str:
    """Put curves of AP over the IoU threshold into one figure."""
    low, high = min(min(curve.x) for curve in curves), max(max(curve.x) for curve in curves)
    drawing = curve_chart(
        curves,
        alt=f"Average precision falls with the IoU threshold. {_spoken(curves)}",
        x_label="IoU from which objects match",
        y_label="AP, mean over images",
        x_range=(low, high),
    )
    rows = [
        (curve.name, number(x, 2), number(y), interval(curve.band[index] if curve.band else None))
        for curve in curves
        for index, (x, y) in enumerate(zip(curve.x, curve.y, strict=True))
    ]
    numbers = table("AP by IoU threshold", ("run", "IoU", "AP", "95\u00a0% interval"), rows)
    band = ", with its 95\u00a0% interval" if any(curve.band for curve in curves) else ""
    return figure(drawing, f"AP = TP / (TP + FP + FN) over the IoU threshold, mean over images{band}.", numbers)


def ap_name(threshold: float) -> str:
    """Name of AP at a threshold in `hooke.metrics.score_counts`."""
    return f"ap_{100 * threshold:g}"


def breakdown(column: str, groups: dict[str, Summary]) -> str:
    """The DSB score of each group of images, with its interval."""
    estimates = [
        Estimate(f"{name} ({summary.images})", summary.mean["dsb"], summary.mean_interval.get("dsb"))
        for name, summary in groups.items()
    ]
    said = "; ".join(f"{estimate.name}: {number(estimate.value)}" for estimate in estimates)
    drawing = interval_chart(estimates, alt=f"DSB score by {column}. {said}", x_label="DSB score, mean over images")
    header = (column, "images", "groups", "true objects", "DSB", "95\u00a0% interval", *_MEANS, *_POOLED)
    rows = [
        (
            name,
            whole(summary.images),
            whole(summary.groups),
            whole(summary.n_true),
            number(summary.mean["dsb"]),
            interval(summary.mean_interval.get("dsb")),
            *(number(summary.mean[score]) for score in _MEANS.values()),
            *(number(summary.pooled[score]) for score in _POOLED.values()),
        )
        for name, summary in groups.items()
    ]
    caption = f"DSB score by {column} with 95\u00a0% intervals; in brackets the number of images."
    title = f"Scores by {column}: means over images, the last two pooled over objects"
    return figure(drawing, caption, table(title, header, rows))


def size_breakdown(summary: Summary, threshold: float) -> str:
    """Recall and precision of small, medium and large objects."""
    spans = (f"under {SIZE_EDGES[0]} px", f"{SIZE_EDGES[0]} to {SIZE_EDGES[1] - 1} px", f"from {SIZE_EDGES[1]} px")
    values = {name: [summary.by_size[size][name] for size in SIZES] for name in ("recall", "precision")}
    series = [Bars(name, part, [number(value) for value in part]) for name, part in values.items()]
    said = "; ".join(f"{size}: recall {number(summary.by_size[size]['recall'])}" for size in SIZES)
    drawing = bar_chart(SIZES, series, alt=f"Recall and precision by the size of the object. {said}")
    rows = [
        (size, span, whole(scores["n_true"]), *(number(scores[name]) for name in ("recall", "precision", "f1", "ap")))
        for size, span, scores in zip(SIZES, spans, (summary.by_size[size] for size in SIZES), strict=True)
    ]
    header = ("size", "area", "true objects", "recall", "precision", "F1", "AP")
    caption = f"Objects by area, pooled over images, matched at IoU {threshold:g}: {', '.join(spans)}."
    return figure(drawing, caption, table("Pooled scores by size", header, rows))


def error_kinds(summary: Summary) -> str:
    """How many objects of either side have no partner, by the reason."""
    counts = {side: [summary.errors.get(f"{side}_{kind}", 0) for kind in ERRORS] for side in ("true", "pred")}
    totals = {"true": summary.n_true, "pred": summary.n_pred}
    series = [
        Bars(f"{title} objects", [part / max(totals[side], 1) for part in counts[side]], _shares(side, counts, totals))
        for side, title in (("true", "true"), ("pred", "predicted"))
    ]
    said = "; ".join(f"{kind}: {t} true, {p} predicted" for kind, t, p in zip(ERRORS, *counts.values(), strict=True))
    drawing = bar_chart(tuple(ERRORS), series, alt=f"Objects without a match by kind of error. {said}")
    rows = [
        (kind, whole(t), whole(p), meaning)
        for (kind, meaning), t, p in zip(ERRORS.items(), *counts.values(), strict=True)
    ]
    header = ("kind", "true", "predicted", "an object that")
    caption = "Share of the objects of either side that have no match, by kind of error."
    return figure(drawing, caption, table("Objects without a match", header, rows))


def _shares(side: str, counts: dict[str, list[int]], totals: dict[str, int]) -> list[str]:
    return [share(part / max(totals[side], 1)) if part else "0" for part in counts[side]]


def size_agreement_plot(objects: pd.DataFrame) -> str:
    """Predicted against true diameter of matched objects; nothing where there is no match."""
    true, pred = _matched_areas(objects)
    if not len(true):
        return ""
    true_diameter, pred_diameter = (np.sqrt(4 * area / np.pi) for area in (true, pred))
    low, middle, high = np.quantile(pred / true, (0.05, 0.5, 0.95)).tolist()
    words = (
        f"Areas of matched objects: the median of predicted / true is {number(middle, 2)}, "
        f"the middle 90\u00a0% lie between {number(low, 2)} and {number(high, 2)}."
    )
    drawing = scatter_chart(
        true_diameter.tolist(),
        pred_diameter.tolist(),
        alt=f"Predicted against true diameter of {len(true)} matched objects. {words}",
        x_label="true equivalent diameter (pixels)",
        y_label="predicted (pixels)",
        log=True,
    )
    return figure(drawing, f"Size of {whole(len(true))} matched objects; dashed where both are equal. {words}")


def _matched_areas(objects: pd.DataFrame) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Areas of the true and the predicted object of each matched pair."""
    matched = objects[objects["outcome"] == MATCHED]
    true, pred = matched[matched["kind"] == "true"], matched[matched["kind"] == "pred"]
    pairs = true.merge(pred, left_on=["image", "matched_label"], right_on=["image", "label"], suffixes=("", "_pred"))
    return pairs["area"].to_numpy(np.float64), pairs["area_pred"].to_numpy(np.float64)


def count_agreement_plot(evaluation: Evaluation) -> str:
    """Predicted against true number of objects in each image."""
    scored = evaluation.per_image.dropna(subset=["n_true"])
    counting = evaluation.overall.counting
    words = (
        f"Predicted minus true: {number(counting.bias, 2)} on average (bias); mean absolute difference "
        f"{number(counting.mae, 2)}; R² {number(counting.r2)}."
    )
    drawing = scatter_chart(
        scored["n_true"].tolist(),
        scored["n_pred"].tolist(),
        alt=f"Predicted against true number of objects in {len(scored)} images. {words}",
        x_label="true objects in the image",
        y_label="predicted objects",
    )
    return figure(drawing, f"Objects per image in {whole(len(scored))} images; dashed where both are equal. {words}")


def score_calibration(objects: pd.DataFrame) -> str:
    """Draw the mean IoU by object score, to show how well the score predicts it; nothing if objects have no score."""
    pred = objects[(objects["kind"] == "pred") & objects["score"].notna()]
    if pred.empty:
        return ""
    score, iou = pred["score"].to_numpy(np.float64), pred["best_iou"].to_numpy(np.float64)
    bins = np.minimum((score * _BINS).astype(int), _BINS - 1)
    parts = [(index, score[bins == index], iou[bins == index]) for index in range(_BINS) if (bins == index).any()]
    gap = sum(abs(s.mean() - i.mean()) * len(s) for _, s, i in parts) / len(score)
    rank = _rank_correlation(score, iou)
    curve = Curve(
        "",
        [s.mean() for _, s, _ in parts],
        [i.mean() for _, _, i in parts],
        notes=[f"score {s.mean():.2f}, IoU {i.mean():.2f}, {len(s)} objects" for _, s, i in parts],
    )
    words = f"Rank correlation (Spearman) {number(rank)}; mean difference of score and IoU over ten bins {number(gap)}."
    drawing = curve_chart(
        [curve],
        alt=f"Mean IoU of predicted objects by their score. {words}",
        x_label="score of the object",
        y_label="mean IoU with the truth",
        identity=True,
        columns=[(index / _BINS, (index + 1) / _BINS, len(s) / len(score)) for index, s, _ in parts],
    )
    rows = [
        (
            f"{index / _BINS:.1f} to {(index + 1) / _BINS:.1f}",
            whole(len(s)),
            number(s.mean()),
            number(i.mean()),
            share((i >= 0.5).mean()),
        )
        for index, s, i in parts
    ]
    numbers = table("Objects by score", ("score", "objects", "mean score", "mean IoU", "IoU from 0.5"), rows)
    return figure(drawing, f"Calibration of the object score; columns show how many objects have it. {words}", numbers)


def _rank_correlation(first: NDArray[np.float64], second: NDArray[np.float64]) -> float:
    """Spearman's: the correlation of ranks, ties at their mean; NaN when either is constant."""
    ranks = pd.Series(first).rank(), pd.Series(second).rank()
    return float("nan") if min(rank.nunique() for rank in ranks) < 2 else float(np.corrcoef(*ranks)[0, 1])


def class_confusion(classes: ClassScores) -> str:
    """Which class was taken for which, each row shaded by its share."""
    counts = classes.confusion.to_numpy(np.float64)
    shares = (counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)).tolist()
    names = [str(name) for name in classes.confusion.columns]
    rows = [(str(name), *map(whole, row)) for name, row in zip(classes.confusion.index, counts.tolist(), strict=True)]
    caption = "Rows: true class. Columns: predicted class. none: without a partner."
    confusion = table(caption, ("true class", *names), rows, shade=shares)
    quality = [
        (
            name,
            number(scores.pq),
            number(scores.sq),
            number(scores.rq),
            *map(whole, (scores.counts.tp, scores.counts.fp, scores.counts.fn)),
        )
        for name, scores in classes.per_class.items()
    ]
    header = ("class", "PQ", "SQ", "RQ", "TP", "FP", "FN")
    return confusion + table("Panoptic quality by class, pooled over images", header, quality)


def _spoken(curves: Sequence[Curve]) -> str:
    return " ".join(f"{curve.name}: from {number(curve.y[0])} to {number(curve.y[-1])}." for curve in curves)
