"""Defines `Evaluation`: the scores of all images, as tables and summaries, and the files that they are saved to."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from hooke.evaluation.saved_evaluation import Run
from hooke.io import atomic_path
from hooke.io.spreadsheet import write_table
from hooke.labels.labelled_image import LabelSource
from hooke.metrics import DSB_THRESHOLDS, ClassScores, CocoScores, Summary
from hooke.metrics.classification import ClassificationScores

# Status of an image. Images of every status except the last are scored.
STATUSES = ("ok", "missing prediction", "bad prediction", "bad truth")
#: Those of an image that is scored as if nothing had been found in it.
NOTHING = STATUSES[1:3]

#: Columns of `Evaluation.per_object`; `Evaluation` says what each means.
OBJECT_COLUMNS = (
    "image",
    "kind",
    "label",
    "class",
    "score",
    "outcome",
    "matched_label",
    "matched_iou",
    "best_label",
    "best_iou",
    "boundary_f",
    "hausdorff_95",
    "area",
    "size",
    "centroid_y",
    "centroid_x",
    "touches_border",
    "touches_object",
)


@dataclass(frozen=True, eq=False)
class Evaluation:
    """Scores of each image, of each object and of all.

    Parameters
    ----------
    per_image : DataFrame
        A row per true image: ``image`` (its name), the columns of the truth's index (``split``, ``modality``,
        ``field_of_view`` … where there is one), ``status`` (one of `STATUSES`), ``problem`` (why, or empty), then the
        numbers of `hooke.metrics.score_image`. A missing or bad prediction is scored as one without objects; an image
        of which the truth is bad has no scores.
    per_object : DataFrame
        A row per object of the images scored, with the columns `OBJECT_COLUMNS`: ``image``; ``kind`` (``true`` or
        ``pred``); ``label`` (its id); ``class`` (name, or empty); ``score`` (predicted objects: their confidence 0..1,
        or NaN); ``outcome`` (``matched``, or the kind of error, see `hooke.metrics.ERRORS`); ``matched_label`` and
        ``matched_iou`` (its partner at `threshold`; 0 where there is none); ``best_label`` and ``best_iou`` (the object
        of the other image that it overlaps best; 0 where it overlaps none); ``boundary_f`` and ``hausdorff_95``
        (pixels) of the matched pair, NaN where there is none; ``area`` (pixels); ``size`` (class, see
        `hooke.metrics.SIZES`); ``centroid_y``, ``centroid_x``; ``touches_border`` (of the image),
        ``touches_object`` (another of the same image).
    overall : Summary
        Of all images scored.
    by : dict of str to dict of str to Summary
        For each column of the index asked for, each of its groups apart; ``modality`` always when there is one.
    threshold : float
        The IoU at which objects were matched for `per_object`, kinds of error, sizes and boundaries.
    extra : tuple of str
        Names of predictions of which there is no truth; they are not scored.
    source : dict of str to str or None
        ``pred`` and ``truth`` as given, the ``split`` asked for, and the target scheme that the prediction was sent
        ``through``.
    coco : CocoScores, optional
        Average precision by confidence; None when the predicted objects have no score.
    classes : ClassScores, optional
        Scores by class; None when either side has no classes.
    classification : ClassificationScores, optional
        How well the classes of matched objects were predicted; None when no pair has a class on both sides.
    thresholds : tuple of float
        IoU thresholds of precision, recall, F1 and AP.
    notes : tuple of str
        What had to be decided on the way, such as which of overlapping masks keeps a pixel.
    opened : (LabelSource, LabelSource), optional
        The predicted and the true label images, from which a report draws its pictures.
    earlier : tuple of Run
        Saved evaluations whose AP a report shows too.
    """

    per_image: pd.DataFrame
    per_object: pd.DataFrame
    overall: Summary
    by: dict[str, dict[str, Summary]]
    threshold: float
    extra: tuple[str, ...]
    source: dict[str, str | None]
    coco: CocoScores | None = None
    classes: ClassScores | None = None
    classification: ClassificationScores | None = None
    thresholds: tuple[float, ...] = field(default=DSB_THRESHOLDS)
    notes: tuple[str, ...] = ()
    opened: tuple[LabelSource, LabelSource] | None = field(default=None, repr=False)
    earlier: tuple[Run, ...] = field(default=(), repr=False)

    @property
    def by_modality(self) -> dict[str, Summary]:
        """Of each modality apart; empty when the truth has no index with that column."""
        return self.by.get("modality", {})

    @property
    def missing(self) -> tuple[str, ...]:
        """Names of the true images without a prediction."""
        table = self.per_image
        return tuple(table.loc[table["status"] == "missing prediction", "image"])

    @property
    def bad(self) -> dict[str, str]:
        """Why a prediction or a truth could not be used, by name."""
        table = self.per_image[self.per_image["status"].isin(["bad prediction", "bad truth"])]
        return dict(zip(table["image"], table["problem"], strict=True))

    @property
    def complete(self) -> bool:
        """True when every true image had a prediction and both could be used."""
        return bool((self.per_image["status"] == "ok").all())

    def to_dict(self) -> dict[str, Any]:
        """Give everything except the tables as plain dictionaries and lists for JSON; undefined numbers are None."""
        whole = {
            **self.source,
            "iou_thresholds": list(self.thresholds),
            "threshold": self.threshold,
            "overall": self.overall.to_dict(),
            "by_modality": _dicts(self.by_modality),
            "by": {column: _dicts(groups) for column, groups in self.by.items()},
            "coco": None if self.coco is None else self.coco.to_dict(),
            "classes": None if self.classes is None else self.classes.to_dict(),
            "classification": None if self.classification is None else self.classification.to_dict(),
            "missing": list(self.missing),
            "bad": self.bad,
            "extra": list(self.extra),
            "notes": list(self.notes),
        }
        return {name: plain_json(value) for name, value in whole.items()}

    def save(self, folder: str | Path) -> None:
        """Write ``scores.json``, ``per_image.csv`` and ``per_object.csv``, each whole or not at all.

        Parameters
        ----------
        folder : str or Path
            Made when it is not there.

        Raises
        ------
        OutputError
            When it can't be written.
        """
        folder = Path(folder)
        for name, table in (("per_image", self.per_image), ("per_object", self.per_object)):
            write_table(table, folder / f"{name}.csv", float_format="%.8g")
        with atomic_path(folder / "scores.json") as temporary:
            temporary.write_text(json.dumps(self.to_dict(), indent=2, allow_nan=False) + "\n", encoding="utf-8")


def _dicts(groups: dict[str, Summary]) -> dict[str, dict[str, Any]]:
    return {name: summary.to_dict() for name, summary in groups.items()}


def plain_json(value: Any) -> Any:
    """Give a value as JSON has it: lists, and None for what is not finite."""
    if isinstance(value, dict):
        return {name: plain_json(part) for name, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain_json(part) for part in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
