"""Writes the report's section on classes, with the confusion of classes."""

from __future__ import annotations

from hooke.evaluation import Evaluation
from hooke.metrics.classification import ClassificationScores

# The module and not its names: it draws with charts of this package, and may be the one that imports it first.
from hooke.report import classification
from hooke.report.html import plots
from hooke.report.html.markup import element, figure, interval, number, paragraph, share, table, whole

_CAPTIONS = {
    "roc": "ROC curve of each class against the rest.",
    "precision_recall": "Precision over recall of each class.",
    "calibration": "Calibration: share right over the probability of the likeliest class; columns: how many objects.",
}


def class_section(evaluation: Evaluation) -> str:
    """Give the section; empty where classes are not known."""
    parts = ""
    if evaluation.classification is not None:
        scores = evaluation.classification
        said = f"Of {whole(scores.objects)} objects that match a true one at IoU {evaluation.threshold:g}."
        parts += element("h3", "Classes of matched objects") + paragraph(said, class_="note") + _told(scores)
    if evaluation.classes is not None:
        parts += element("h3", "Classes and detection together") + plots.class_confusion(evaluation.classes)
    return parts


def _told(scores: ClassificationScores) -> str:
    charts = "".join(
        figure(chart, _CAPTIONS[name]) for name, chart in classification.classification_charts(scores).items()
    )
    curves = element("div", charts, class_="plots") if charts else ""
    return _confusion(scores) + _per_class(scores) + _overall(scores) + curves


def _confusion(scores: ClassificationScores) -> str:
    shares = classification.confusion_shares(scores.confusion).to_numpy().tolist()
    rows = [
        (str(name), *(f"{whole(count)} ({share(part)})" for count, part in zip(counts, parts, strict=True)))
        for name, counts, parts in zip(
            scores.confusion.index, scores.confusion.to_numpy().tolist(), shares, strict=True
        )
    ]
    header = ("true class", *map(str, scores.confusion.columns))
    return table(
        "Rows: true class. Columns: predicted class. In brackets the share of the row.", header, rows, shade=shares
    )


def _per_class(scores: ClassificationScores) -> str:
    names = [name for name in ("precision", "recall", "f1", "auc", "ap") if name in scores.per_class]
    header = ["class", "objects"]
    for name in names:
        header += [classification.score_title(name)]
        header += ["95\u00a0% interval"] if f"{name}_low" in scores.per_class else []
    rows = []
    for class_name, row in scores.per_class.to_dict(orient="index").items():
        cells = [str(class_name), whole(row["support"])]
        for name in names:
            cells.append(number(row[name]))
            cells += [interval((row[f"{name}_low"], row[f"{name}_high"]))] if f"{name}_low" in row else []
        rows.append(cells)
    return table("By class", header, rows)


def _overall(scores: ClassificationScores) -> str:
    rows = [
        (classification.score_title(name), number(value), interval(scores.intervals.get(name)))
        for name, value in scores.scores.items()
    ]
    return table("All classes", ("score", "value", "95\u00a0% interval"), rows)
