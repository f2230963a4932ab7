"""Prints an `Evaluation` as tables for a terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from rich.table import Table

from hooke.cli.class_tables import classification_tables, new_table

if TYPE_CHECKING:
    from hooke.evaluation import Detection, Evaluation
    from hooke.metrics import ClassScores, CocoScores, Summary

# What the tables show: title, name in `hooke.metrics.score_counts`, whether the pooled score is shown too.
_ROWS = (
    ("pixel IoU", "pixel_iou", True),
    ("pixel Dice", "pixel_dice", True),
    ("pixel precision", "pixel_precision", False),
    ("pixel recall", "pixel_recall", False),
    ("precision at 0.5", "precision_50", True),
    ("recall at 0.5", "recall_50", True),
    ("F1 at 0.5", "f1_50", True),
    ("AP at 0.5", "ap_50", True),
    ("AP at 0.75", "ap_75", True),
    ("AP at 0.9", "ap_90", True),
    ("F1 at 0.9", "f1_90", True),
    ("DSB score", "dsb", False),
    ("PQ", "pq", True),
    ("mean matched IoU (SQ)", "sq", True),
    ("AJI", "aji", True),
    ("AJI+", "aji_plus", True),
    ("boundary F", "boundary_f", True),
)
_BY_COLUMNS = (("DSB score", "dsb"), ("F1 at 0.5", "f1_50"), ("PQ", "pq"), ("AJI", "aji"), ("pixel Dice", "pixel_dice"))
_MOST_GROUPS = 40

Columns = dict[str, "Summary"]


def score_tables(result: Evaluation) -> Iterator[Table]:
    """Lay out the scores.

    Yields
    ------
    rich.table.Table
        Means over images and pooled scores, overall and by modality; sizes, errors and counts; COCO's scores and
        classes where there are any; and a table for each further column that was summarised by.
    """
    columns = {"overall": result.overall, **result.by_modality}
    extra = {f"{100 * t:g}": t for t in result.thresholds}
    further = [percent for percent in extra if percent not in {f"{p}" for p in range(50, 100, 5)}]
    yield _scores("Mean over images: each image weighs the same", columns, further, pooled=False)
    yield _scores("Pooled: each object (or pixel) weighs the same", columns, further, pooled=True)
    yield _failures(columns, result.threshold)
    if result.coco is not None:
        yield _coco(result.coco)
    if result.classes is not None:
        yield _classes(result.classes)
    if result.classification is not None:
        yield from classification_tables(
            result.classification, f"Classes of objects matched at IoU {result.threshold:g}"
        )
    for column, groups in result.by.items():
        if column != "modality":
            yield _by(column, groups)


def detection_table(result: Detection) -> Table:
    """Lay out what was detected: overall, then each group; intervals are of the pooled scores.

    Returns
    -------
    rich.table.Table
    """
    how = "in an unclaimed true mask" if result.max_distance is None else f"within {result.max_distance:g} pixels"
    columns = ("images", "found", "false", "missed", "precision", "recall", "F1", "class accuracy")
    table = new_table(f"Detection, points {how}: pooled, with 95 % intervals", *columns)
    groups = {f"{column} {name}": summary for column, part in result.by.items() for name, summary in part.items()}
    for name, summary in {"overall": result.overall, **groups}.items():
        cells = (_with_interval(value, summary.pooled_interval.get(score)) for score, value in summary.pooled.items())
        numbers = (summary.images, summary.counts.tp, summary.counts.fp, summary.counts.fn)
        table.add_row(name, *map(str, numbers), *cells, end_section=name == "overall")
    return table


def _scores(title: str, columns: Columns, further: list[str], *, pooled: bool) -> Table:
    with_intervals = any(summary.mean_interval for summary in columns.values())
    table = new_table(title + (", with 95 % intervals" if with_intervals else ""), *columns)
    if pooled:
        table.add_row("true objects", *(str(summary.n_true) for summary in columns.values()))
        table.add_row("predicted objects", *(str(summary.n_pred) for summary in columns.values()), end_section=True)
    else:
        grouped = any(summary.groups != summary.images for summary in columns.values())
        table.add_row("images", *(str(summary.images) for summary in columns.values()), end_section=not grouped)
        if grouped:
            table.add_row("fields of view", *(str(summary.groups) for summary in columns.values()), end_section=True)
    for label, score, has_pooled in (*_ROWS, *_rows_at(further)):
        if has_pooled or not pooled:
            cells = (_cell(summary, score, pooled=pooled) for summary in columns.values())
            table.add_row(label, *cells, end_section=score == "pixel_recall")
    return table


def _rows_at(percents: list[str]) -> Iterator[tuple[str, str, bool]]:
    names = (("precision", "precision"), ("recall", "recall"), ("F1", "f1"), ("AP", "ap"))
    for percent in percents:
        for title, name in names:
            yield f"{title} at {float(percent) / 100:g}", f"{name}_{percent}", True


def _cell(summary: Summary, score: str, *, pooled: bool) -> str:
    value = (summary.pooled if pooled else summary.mean)[score]
    interval = (summary.pooled_interval if pooled else summary.mean_interval).get(score)
    return _with_interval(value, interval)


def _with_interval(value: float, interval: tuple[float, float] | None) -> str:
    if value != value:
        return "–"
    return f"{value:.3f}" + (f" [dim]{interval[0]:.3f}–{interval[1]:.3f}[/]" if interval else "")


def _failures(columns: Columns, threshold: float) -> Table:
    """Sizes, kinds of error, and counts."""
    table = new_table(f"Where it fails (IoU {threshold:g})", *columns)

    def add(label: str, value: Callable[[Summary], str], *, end: bool = False) -> None:
        table.add_row(label, *(value(summary) for summary in columns.values()), end_section=end)

    for size in ("small", "medium", "large"):
        add(f"F1 of {size} objects", lambda summary, size=size: _f1_of_size(summary, size), end=size == "large")  # type: ignore[misc]
    for kind in ("missed", "merged", "split", "touching", "outline"):
        add(f"true, {kind}", lambda summary, kind=kind: str(summary.errors[f"true_{kind}"]), end=kind == "outline")  # type: ignore[misc]
    for kind in ("spurious", "merged", "split", "touching", "outline"):
        add(f"predicted, {kind}", lambda summary, kind=kind: str(summary.errors[f"pred_{kind}"]), end=kind == "outline")  # type: ignore[misc]
    add("count: bias per image", lambda summary: f"{summary.counting.bias:+.2f}")
    add("count: mean absolute error", lambda summary: f"{summary.counting.mae:.2f}")
    add("count: R²", lambda summary: _with_interval(summary.counting.r2, None))
    return table


def _f1_of_size(summary: Summary, size: str) -> str:
    scores = summary.by_size[size]
    return f"{scores['f1']:.3f} [dim]of {scores['n_true']:g}[/]" if scores["n_true"] else "–"


def _coco(coco: CocoScores) -> Table:
    table = new_table("COCO, objects ranked by score", "")
    rows = {"AP": coco.ap, "AP at 0.5": coco.ap_at(0.5), "AP at 0.75": coco.ap_at(0.75), "AR": coco.ar}
    rows |= {f"AP of {size} objects": ap for size, ap in coco.ap_by_size.items()}
    for label, value in rows.items():
        table.add_row(label, f"{value:.3f}" if value == value else "–")
    return table


def _classes(classes: ClassScores) -> Table:
    title = f"By class: bPQ {classes.bpq:.3f}, mPQ {classes.mpq:.3f}, mPQ pooled {classes.mpq_pooled:.3f}"
    table = new_table(title, "true objects", "predicted", "PQ", "SQ", "RQ")
    for name, quality in classes.per_class.items():
        numbers = (str(quality.counts.tp + quality.counts.fn), str(quality.counts.tp + quality.counts.fp))
        table.add_row(name, *numbers, *(f"{value:.3f}" for value in (quality.pq, quality.sq, quality.rq)))
    return table


def _by(column: str, groups: Columns) -> Table:
    table = new_table(f"By {column}, means over images", "images", "true objects", *(title for title, _ in _BY_COLUMNS))
    for name, summary in list(groups.items())[:_MOST_GROUPS]:
        cells = (_cell(summary, score, pooled=False) for _, score in _BY_COLUMNS)
        table.add_row(name, str(summary.images), str(summary.n_true), *cells)
    if len(groups) > _MOST_GROUPS:
        table.caption = f"and {len(groups) - _MOST_GROUPS} more: see scores.json (--out)"
    return table
