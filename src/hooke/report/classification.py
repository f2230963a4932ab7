"""Writes the scores of a classifier as a folder of tables (csv) and drawings (svg).

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

from pathlib import Path

import numpy as np
import pandas as pd

from hooke.io import atomic_path
from hooke.metrics.calibration import Calibration
from hooke.metrics.classification import ClassificationScores
from hooke.report.html.charts import Curve, confusion_chart, curve_chart
from hooke.report.html.markup import number
from hooke.report.html.svg import stand_alone

_TITLES = {"f1": "F1", "auc": "AUC", "ap": "AP", "ece": "ECE"}
_CURVE_POINTS = 60  # of a drawn curve: more can't be distinguished


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
        _write(stand_alone(chart), folder / f"{name}.svg")
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
    """Draw a confusion matrix as a file of its own: counts, and under each its share of the true class.

    Parameters
    ----------
    confusion : DataFrame
        Rows are true classes, columns predicted ones.
    """
    rows, columns = ([str(name) for name in names] for names in (confusion.index, confusion.columns))
    return stand_alone(confusion_chart(rows, columns, confusion.to_numpy().tolist(), alt="Confusion matrix"))


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


def _thinned(x: np.ndarray, y: np.ndarray) -> tuple[list[float], list[float]]:
    keep = np.unique(np.linspace(0, len(x) - 1, min(len(x), _CURVE_POINTS)).astype(int))
    return x[keep].tolist(), y[keep].tolist()


def _roc(scores: ClassificationScores) -> str:
    curves = [
        Curve(f"{name}: AUC {number(curve.auc)}", *_thinned(curve.false_positive_rate, curve.recall))
        for name, curve in scores.curves.items()
        if not np.isnan(curve.auc)
    ]
    words = "ROC curve of each class against the rest"
    return curve_chart(curves, alt=words, x_label="false positive rate", y_label="recall", identity=True)


def _precision_recall(scores: ClassificationScores) -> str:
    curves = [
        Curve(f"{name}: AP {number(curve.average_precision)}", *_thinned(curve.recall, curve.precision))
        for name, curve in scores.curves.items()
        if not np.isnan(curve.average_precision)
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


def _curve_table(scores: ClassificationScores) -> pd.DataFrame:
    parts = [
        pd.DataFrame(
            {
                "class": name,
                "false_positive_rate": curve.false_positive_rate,
                "recall": curve.recall,
                "precision": curve.precision,
            }
        )
        for name, curve in scores.curves.items()
    ]
    return pd.concat(parts, ignore_index=True)


def _write_csv(table: pd.DataFrame, path: Path, index: str | None) -> None:
    with atomic_path(path) as partial:
        table.to_csv(partial, index=index is not None, index_label=index)


def _write(text: str, path: Path) -> None:
    with atomic_path(path) as partial:
        partial.write_text(text, encoding="utf-8")
