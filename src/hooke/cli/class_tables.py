"""Prints the scores of a classifier as tables for a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rich.table import Table

if TYPE_CHECKING:
    from hooke.metrics.classification import ClassificationScores


def classification_tables(scores: ClassificationScores, title: str) -> Iterator[Table]:
    """Lay out the scores of a classifier.

    Parameters
    ----------
    scores : ClassificationScores
    title : str
        What was measured.

    Yields
    ------
    rich.table.Table
        All scores, those by class, and the confusion matrix.
    """
    from hooke.report.classification import score_title

    overall = new_table(f"{title}: {scores.objects}", "", "95 % interval")
    for name, value in scores.scores.items():
        overall.add_row(score_title(name), f"{value:.4f}", _interval(*scores.intervals.get(name, (None, None))))
    yield overall
    names = [name for name in ("precision", "recall", "f1", "auc", "ap") if name in scores.per_class]
    by_class = new_table("By class, with 95 % intervals", "objects", *map(score_title, names))
    for class_name, row in scores.per_class.to_dict(orient="index").items():
        bounds = {name: _interval(row.get(f"{name}_low"), row.get(f"{name}_high")) for name in names}
        cells = (f"{row[name]:.3f} [dim]{bounds[name]}[/]" for name in names)
        by_class.add_row(str(class_name), str(row["support"]), *cells)
    yield by_class
    confusion = new_table(
        "Confusion: rows are true classes, columns predicted ones", *map(str, scores.confusion.columns)
    )
    for class_name, counts in zip(scores.confusion.index, scores.confusion.to_numpy().tolist(), strict=True):
        total = max(1, sum(counts))
        confusion.add_row(str(class_name), *(f"{count} [dim]{100 * count / total:.1f} %[/]" for count in counts))
    yield confusion


def new_table(title: str, *columns: str) -> Table:
    """Start a table: names at the left, then columns of figures."""
    table = Table(title=title, title_justify="left")
    table.add_column("")
    for name in columns:
        table.add_column(name, justify="right")
    return table


def _interval(low: float | None, high: float | None) -> str:
    return "" if low is None or high is None else f"{low:.3f}–{high:.3f}"
