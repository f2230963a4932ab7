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

    overall = _table(f"{title}: {scores.objects}", "", "95 % interval")
    for name, value in scores.scores.items():
        overall.add_row(score_title(name), f"{value:.4f}", _interval(*scores.intervals.get(name, (None, None))))
    yield overall
    names = [name for name in ("precision", "recall", "f1", "auc", "ap") if name in scores.per_class]
    by_class = _table("By class, with 95 % intervals", "objects", *map(score_title, names))
    for of, row in scores.per_class.to_dict(orient="index").items():
        bounds = {name: _interval(row.get(f"{name}_low"), row.get(f"{name}_high")) for name in names}
        cells = (f"{row[name]:.3f} [dim]{bounds[name]}[/]" for name in names)
        by_class.add_row(str(of), str(row["support"]), *cells)
    yield by_class
    confusion = _table("Confusion: rows are true classes, columns predicted ones", *map(str, scores.confusion.columns))
    for of, counts in zip(scores.confusion.index, scores.confusion.to_numpy().tolist(), strict=True):
        total = max(1, sum(counts))
        confusion.add_row(str(of), *(f"{count} [dim]{100 * count / total:.1f} %[/]" for count in counts))
    yield confusion


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left")
    table.add_column("")
    for name in columns:
        table.add_column(name, justify="right")
    return table


def _interval(low: float | None, high: float | None) -> str:
    return "" if low is None or high is None else f"{low:.3f}–{high:.3f}"
