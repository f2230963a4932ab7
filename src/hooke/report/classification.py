"""Scores of a classifier in; a folder of tables (csv) and drawings (svg) out.

```
FOLDER/
  scores.csv              a row per score: value and 95 % interval
  classes.csv             a row per class: precision, recall, F1, support, AUC, AP
  confusion.csv           counts: rows true classes, columns predicted ones
  confusion_shares.csv    the same, each row over its sum
  confusion.svg           both
  roc.svg, precision_recall.svg, calibration.svg; curves.csv, calibration.csv
                          where there are probabilities
```
"""

from __future__ import annotations

from html import escape
from pathlib import Path

import numpy as np
import pandas as pd

from hooke.io import atomic_path
from hooke.metrics.calibration import Calibration
from hooke.metrics.classification import ClassificationScores
from hooke.report.html.charts import Curve, curve_chart
from hooke.report.html.markup import number

__all__ = ["classification_charts", "confusion_shares", "confusion_svg", "score_title", "write_classification"]

# What the drawings need of the report's page, so that they can be looked at on their own.
_STYLE = """<style>
svg { background: #fff; font: 12px system-ui, sans-serif; } text { fill: #1f2328; }
.grid { stroke: #dcdad5; } .ideal { stroke: #5b626b; stroke-dasharray: 4 4; } .column { fill: #dcdad5; }
.line { fill: none; stroke-width: 2; } .dot { stroke: none; }
.s0 { stroke: #0b62b0; fill: #0b62b0; } .s1 { stroke: #c2500b; fill: #c2500b; } .s2 { stroke: #11805c; fill: #11805c; }
.s3 { stroke: #a5408a; fill: #a5408a; } .s4 { stroke: #7a6a00; fill: #7a6a00; } .s5 { stroke: #5d5fc7; fill: #5d5fc7; }
.line.s0, .line.s1, .line.s2, .line.s3, .line.s4, .line.s5 { fill: none; }
</style>"""
_TITLES = {"f1": "F1", "auc": "AUC", "ap": "AP", "ece": "ECE"}
_CURVE_POINTS = 60  # of a drawn curve; more can't be told apart
_CELL, _LEFT, _TOP = 84, 190, 70


def write_classification(scores: ClassificationScores, folder: str | Path) -> Path:
    """Write all of a classifier's scores into a folder.

    Raises
    ------
    OutputError
        When it can't be written to.
    """
    folder = Path(folder)
    bounds = pd.DataFrame(scores.intervals, index=["low", "high"]).T
    table = pd.DataFrame({"value": scores.scores}).join(bounds)
    _write_csv(table, folder / "scores.csv", "score")
    _write_csv(scores.per_class, folder / "classes.csv", "class")
    _write_csv(scores.confusion, folder / "confusion.csv", "true class")
    _write_csv(confusion_shares(scores.confusion), folder / "confusion_shares.csv", "true class")
    _write(confusion_svg(scores.confusion), folder / "confusion.svg")
    if scores.calibration is not None:
        _write_csv(scores.calibration.bins, folder / "calibration.csv", None)
        _write_csv(_curve_table(scores), folder / "curves.csv", None)
    for name, chart in classification_charts(scores).items():
        _write(_alone(chart), folder / f"{name}.svg")
    return folder


def classification_charts(scores: ClassificationScores) -> dict[str, str]:
    """Draw ``roc``, ``precision_recall`` and ``calibration`` as SVG for a page with the report's style.

    Returns
    -------
    dict of str to str
        Empty where there are no probabilities.
    """
    if scores.calibration is None:
        return {}
    return {
        "roc": _roc(scores),
        "precision_recall": _precision_recall(scores),
        "calibration": _calibration(scores.calibration),
    }


def confusion_svg(confusion: pd.DataFrame) -> str:
    """Draw a confusion matrix: counts, and under each its share of the true class, which shades the cell.

    Parameters
    ----------
    confusion : DataFrame
        Rows are true classes, columns predicted ones.
    """
    shares = confusion_shares(confusion).to_numpy()
    counts = confusion.to_numpy()
    rows, columns = counts.shape
    width, height = _LEFT + _CELL * columns + 70, _TOP + _CELL * rows + 10
    parts = [_text(_LEFT + _CELL * columns / 2, 18, "predicted class"), _text(70, 18, "true class")]
    for column, name in enumerate(confusion.columns):
        parts.append(_text(_LEFT + _CELL * (column + 0.5), 40 + 16 * (column % 2), _short(str(name))))
    for row, name in enumerate(confusion.index):
        y = _TOP + _CELL * row
        parts.append(_text(_LEFT - 10, y + _CELL / 2 + 4, _short(str(name)), anchor="end"))
        parts += [
            _cell(_LEFT + _CELL * column, y, int(counts[row, column]), float(shares[row, column]))
            for column in range(columns)
        ]
    body = "".join(parts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}">{_STYLE}{body}</svg>'
    )


def confusion_shares(confusion: pd.DataFrame) -> pd.DataFrame:
    """Each row of a confusion matrix over its sum: shares of the true class; 0 where there is none."""
    return confusion.div(confusion.sum(axis=1).clip(lower=1), axis=0)


def score_title(name: str) -> str:
    """Write the name of a score for people.

    Examples
    --------
    >>> score_title("f1_macro")
    'F1 macro'
    """
    first, *rest = name.split("_")
    return " ".join([_TITLES.get(first, first), *rest])


def _cell(x: float, y: float, count: int, part: float) -> str:
    ink = "#ffffff" if part > 0.55 else "#1f2328"
    middle = x + _CELL / 2
    place = f'x="{middle}" text-anchor="middle"'
    return (
        f'<rect x="{x}" y="{y}" width="{_CELL - 2}" height="{_CELL - 2}" rx="3" fill="#0b62b0" '
        f'fill-opacity="{0.04 + 0.9 * part:.3f}"/>'
        f'<text {place} y="{y + _CELL / 2 - 2}" style="fill:{ink};font-size:16px">{count}</text>'
        f'<text {place} y="{y + _CELL / 2 + 18}" style="fill:{ink}">{100 * part:.1f} %</text>'
    )


def _text(x: float, y: float, words: str, anchor: str = "middle") -> str:
    return f'<text x="{x}" y="{y}" text-anchor="{anchor}">{escape(words)}</text>'


def _short(name: str) -> str:
    return name if len(name) <= 26 else f"{name[:25]}…"


def _thinned(x: np.ndarray, y: np.ndarray) -> tuple[list[float], list[float]]:
    keep = np.unique(np.linspace(0, len(x) - 1, min(len(x), _CURVE_POINTS)).astype(int))
    return x[keep].tolist(), y[keep].tolist()


def _roc(scores: ClassificationScores) -> str:
    curves = [
        Curve(f"{name}: AUC {number(one.auc)}", *_thinned(one.false_positive_rate, one.recall))
        for name, one in scores.curves.items()
        if not np.isnan(one.auc)
    ]
    words = "ROC curve of each class against the rest"
    return curve_chart(curves, alt=words, x_label="false positive rate", y_label="recall", identity=True)


def _precision_recall(scores: ClassificationScores) -> str:
    curves = [
        Curve(f"{name}: AP {number(one.average_precision)}", *_thinned(one.recall, one.precision))
        for name, one in scores.curves.items()
        if not np.isnan(one.average_precision)
    ]
    return curve_chart(curves, alt="Precision over recall of each class", x_label="recall", y_label="precision")


def _calibration(calibration: Calibration) -> str:
    bins = calibration.bins
    curve = Curve(f"ECE {number(calibration.ece)}", bins["confidence"].tolist(), bins["accuracy"].tolist())
    return curve_chart(
        [curve],
        alt=f"Share right over probability; expected calibration error {number(calibration.ece)}",
        x_label="probability of the likeliest class",
        y_label="share right",
        identity=True,
        columns=list(zip(bins["low"], bins["high"], bins["count"] / bins["count"].sum(), strict=True)),
    )


def _alone(chart: str) -> str:
    """A chart of the report as a file of its own."""
    opened, _, rest = chart.partition(">")
    return f'{opened} xmlns="http://www.w3.org/2000/svg" width="560">{_STYLE}{rest}'


def _curve_table(scores: ClassificationScores) -> pd.DataFrame:
    parts = [
        pd.DataFrame(
            {
                "class": name,
                "false_positive_rate": one.false_positive_rate,
                "recall": one.recall,
                "precision": one.precision,
            }
        )
        for name, one in scores.curves.items()
    ]
    return pd.concat(parts, ignore_index=True)


def _write_csv(table: pd.DataFrame, path: Path, index: str | None) -> None:
    with atomic_path(path) as partial:
        table.to_csv(partial, index=index is not None, index_label=index)


def _write(text: str, path: Path) -> None:
    with atomic_path(path) as partial:
        partial.write_text(text, encoding="utf-8")
