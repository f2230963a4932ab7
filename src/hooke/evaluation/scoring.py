"""Score predicted label images against true ones, object by object and image by image."""

from __future__ import annotations

import warnings
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from hooke.errors import DatasetError, HookeError
from hooke.evaluation.class_scores import class_notes, class_pairs, score_classes
from hooke.evaluation.fidelity import open_prediction
from hooke.evaluation.misplacement import misplaced_predictions
from hooke.evaluation.object_table import classes_of, object_table, scores_of
from hooke.evaluation.oddities import summed_oddities
from hooke.evaluation.paired_source import pair_source
from hooke.evaluation.planes_apart import planes_apart
from hooke.evaluation.result import STATUSES, Evaluation
from hooke.evaluation.saved_evaluation import read_runs
from hooke.evaluation.scored_images import group_column, known_columns, list_images
from hooke.evaluation.sources import open_labels
from hooke.io.annotations.dsb_csv import DsbSource
from hooke.io.name_match import some_names
from hooke.labels.labelled_image import LabelledImage, LabelSource
from hooke.metrics import (
    DSB_THRESHOLDS,
    RESAMPLES,
    ClassScores,
    CocoScores,
    Comparison,
    aggregate,
    aggregate_by,
    class_scores,
    coco_scores,
    compare,
    count_comparison,
    score_counts,
)
from hooke.metrics.classification import ClassificationScores

_OK, _MISSING, _BAD_PREDICTION, _BAD_TRUTH = STATUSES


def evaluate(
    pred: str | Path,
    truth: str | Path,
    *,
    split: str | None = None,
    through: str | None = None,
    out: str | Path | None = None,
    against: Sequence[str | Path] = (),
    by: Sequence[str] = (),
    threshold: float = 0.5,
    ignore_classes: Collection[str] = (),
    split_components: bool | None = None,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Evaluation:
    """Score predicted label images against true ones.

    A true image whose prediction is missing, unreadable or of another size is scored as if nothing had been found in
    it, and reported: leaving it out would reward a method for failing. An image whose truth can't be read is left out.

    Parameters
    ----------
    pred : str or Path
        A folder of label images, or what ``hooke segment`` wrote (a folder with ``labels/`` in it, of which
        ``measurements.csv`` gives scores and classes of objects); a json file in COCO's format; a csv file of run
        lengths as in the Data Science Bowl 2018; a zarr group.
    truth : str or Path
        The same, or a hooke data set (a folder with ``index.csv`` and ``labels/``).
    split : str, optional
        Only this split of the dataset, such as ``test``.
    through : str, optional
        Send the prediction through this target scheme first, such as ``splitline``: encode each label image to the maps
        that a network learns, decode these, and score what comes back. With the truth as the prediction this is the
        best that any model of the scheme could reach.
    out : str or Path, optional
        Folder for ``scores.json``, ``per_image.csv`` and ``per_object.csv``. `hooke.evaluate` also writes
        ``report.html`` there, and ``classes/`` where classes are known.
    against : sequence of str or Path
        Folders of earlier evaluations whose AP the report shows too.
    by : sequence of str
        Columns of the index to summarise by, besides ``modality``.
    threshold : float
        The IoU from which objects match in `Evaluation.per_object`, and for kinds of error, sizes and boundaries; it
        joins the thresholds at which precision, recall, F1 and AP are given.
    ignore_classes : collection of str
        Objects of these true classes count where they are found, but not in scores of classes.
    split_components : bool, optional
        Whether each connected component of label images in folders is an object; by default those of binary masks are,
        whose objects have one value (`hooke.io.annotations.label_files`).
    resamples : int
        Data sets drawn for the 95 % intervals, by the index's ``group`` or ``field_of_view``; 0 for no intervals.
    seed : int
        Of the chance that draws them.

    Returns
    -------
    Evaluation

    Warns
    -----
    UserWarning
        When predictions are missing or bad, when truth is bad, when predictions have no truth, when masks overlap, and
        when some predicted objects have a score and others not.

    Raises
    ------
    DatasetError
        When a folder is not there or holds no label image, the split or a column is unknown, two files share a stem, no
        prediction has the name of an image,
        no image could be scored, or a folder of `against` holds no evaluation.
    ModelError
        When there is no such target scheme.
    OutputError
        When `out` can't be written, or another run of `hooke.evaluate` writes there.
    ValueError
        When the threshold is not over 0 and up to 1.

    Examples
    --------
    >>> evaluate("out", "dsb2018", split="test").overall.mean["dsb"]  # doctest: +SKIP
    0.61
    """
    earlier = tuple(read_runs(against))
    true_source = open_labels(truth, split_components=split_components)
    pred_source = open_prediction(pred, true_source, through, split_components)
    if isinstance(true_source, DsbSource):
        true_source.match(pred_source.names)
    images = list_images(Path(truth), true_source.names, split)
    known = {*true_source.names, *(row["image"] for row in images)}
    pred_source, paired = pair_source(pred_source, known, pred)
    _check_names(pred_source.names, [row["image"] for row in images], pred)
    by = known_columns(by, images, Path(truth))
    thresholds = tuple(sorted({*DSB_THRESHOLDS, threshold}))
    scored = [_score(row, pred_source, true_source, threshold, thresholds) for row in images]
    good = [image for image in scored if image.comparison is not None]
    if not good:
        raise DatasetError("no image could be scored", path=Path(truth), remedy=scored[0].row["problem"])
    rows = [image.row for image in good]
    options: dict[str, Any] = {"group": group_column(list(images[0])), "resamples": resamples, "seed": seed}
    result = Evaluation(
        per_image=pd.DataFrame([image.row for image in scored]),
        per_object=pd.concat([image.objects for image in good], ignore_index=True),
        overall=aggregate(rows, **options),
        by={column: aggregate_by(rows, column, **options) for column in by},
        threshold=threshold,
        extra=tuple(name for name in pred_source.names if name not in known),  # one of another split is known
        source={"pred": str(pred), "truth": str(truth), "split": split, "through": through},
        coco=_coco(good),
        classes=_classes(good, ignore_classes),
        classification=_classification(good, options["group"], ignore_classes, resamples, seed),
        thresholds=thresholds,
        notes=(*paired, *_notes(good, ignore_classes)),
        opened=(pred_source, true_source),
        earlier=earlier,
    )
    _warn(result)
    if out is not None:
        result.save(out)
    return result


@dataclass(frozen=True, eq=False)
class _Scored:
    """One image: its row of the table, and where it could be scored, what the row was made of."""

    row: dict[str, Any]
    comparison: Comparison | None = None
    objects: pd.DataFrame | None = None
    pred: LabelledImage | None = None
    truth: LabelledImage | None = None


def _check_names(pred: Sequence[str], true: Sequence[str], path: str | Path) -> None:
    """Refuse predictions none of which has the name of an image: all scores would be 0."""
    if pred and set(pred).isdisjoint(true):
        cause = f"holds no prediction of an image of the truth: {some_names(pred)} are here, {some_names(true)} there"
        raise DatasetError(cause, path=Path(path), remedy="name the label images of both alike, after their image")


def _score(
    row: dict[str, str], preds: LabelSource, truths: LabelSource, threshold: float, thresholds: Sequence[float]
) -> _Scored:
    name = row["image"]
    try:
        if name not in truths:
            raise DatasetError("no label image of this id", remedy="prepare the data set again")
        truth = truths.read(name)
    except HookeError as error:
        return _Scored({**row, "status": _BAD_TRUTH, "problem": str(error)})
    pred, status, problem = _prediction(name, preds, truth)
    pred, truth = planes_apart(pred, truth)
    comparison = compare(pred.labels, truth.labels, threshold)
    counts = count_comparison(comparison, thresholds)
    numbers = score_counts(counts) | counts
    return _Scored(
        {**row, "status": status, "problem": problem, **numbers},
        comparison,
        object_table(name, comparison, pred, truth),
        pred,
        truth,
    )


def _prediction(name: str, preds: LabelSource, truth: LabelledImage) -> tuple[LabelledImage, str, str]:
    """Read the prediction of an image, with its status and what is wrong with it; one without objects if need be."""
    nothing = LabelledImage(np.zeros_like(truth.labels))
    if name not in preds:
        return nothing, _MISSING, "no prediction"
    try:
        pred = preds.read(name, truth.labels.shape)
        if pred.labels.shape != truth.labels.shape:
            size = f"{pred.labels.shape} pixels but the truth {truth.labels.shape}"
            raise DatasetError(f"is {size}", path=name, remedy="predict on the image at its own size")
    except HookeError as error:
        return nothing, _BAD_PREDICTION, str(error)
    return pred, _OK, ""


def _coco(images: Sequence[_Scored]) -> CocoScores | None:
    """COCO's scores, where every predicted object has a confidence."""
    ranked = [
        (image.comparison.overlap, scores_of(image.pred, image.comparison.overlap.pred_ids))
        for image in images
        if image.comparison is not None and image.pred is not None
    ]
    known = [scores for _, scores in ranked if len(scores)]
    return coco_scores(ranked) if known and not np.isnan(np.concatenate(known)).any() else None


def _classes(images: Sequence[_Scored], ignore: Collection[str]) -> ClassScores | None:
    """Scores by class, where both sides have classes."""
    if not any(image.pred and image.pred.classes for image in images):
        return None
    if not any(image.truth and image.truth.classes for image in images):
        return None
    classed = [
        (
            image.comparison.overlap,
            classes_of(image.pred, image.comparison.overlap.pred_ids),
            classes_of(image.truth, image.comparison.overlap.true_ids),
        )
        for image in images
        if image.comparison is not None and image.pred is not None and image.truth is not None
    ]
    return class_scores(classed, ignore)


def _classification(
    images: Sequence[_Scored], group: str | None, ignore: Collection[str], resamples: int, seed: int
) -> ClassificationScores | None:
    """Scores of the classes of matched objects, where both sides have classes."""
    pairs = []
    for image in images:
        if image.comparison is None or image.pred is None or image.truth is None or not image.pred.classes:
            continue
        matching = image.comparison.matching
        true, pred = matching.true_ids.tolist(), matching.pred_ids.tolist()
        image_pairs = class_pairs(
            [image.truth.classes.get(label, "") for label in true],
            [image.pred.classes.get(label, "") for label in pred],
            [image.pred.probabilities.get(label, {}) for label in pred],
            ignore,
        )
        pairs.append((str(image.row[group or "image"]), image_pairs))
    return score_classes(pairs, ignore=ignore, resamples=resamples, seed=seed)


def _notes(images: Sequence[_Scored], ignore: Collection[str]) -> list[str]:
    """What a user should know of how label images were made, and of scores that are there in part."""
    pairs = [
        (image.row["image"], side, labelled)
        for image in images
        for side, labelled in (("prediction", image.pred), ("truth", image.truth))
        if labelled is not None
    ]
    notes = summed_oddities((name, side, labelled.oddities) for name, side, labelled in pairs)
    notes += [f"{name}, {side}: {labelled.note}" for name, side, labelled in pairs if labelled.note]
    notes += misplaced_predictions(
        (image.row["image"], image.pred.labels, image.truth.labels)
        for image in images
        if image.pred is not None and image.truth is not None and image.row["status"] == _OK
    )
    objects = pd.concat([image.objects for image in images])
    scores = objects.loc[objects["kind"] == "pred", "score"]
    unknown = int(scores.isna().sum())
    if 0 < unknown < len(scores):
        notes.append(f"no COCO AP: {unknown} of {len(scores)} predicted objects have no score")
    true = {name for image in images if image.truth for name in image.truth.classes.values()}
    predicted = {name for image in images if image.pred for name in image.pred.classes.values()}
    return notes + class_notes(true, predicted, ignore)


def _warn(result: Evaluation) -> None:
    if result.missing:
        warnings.warn(f"scored as empty, no prediction: {', '.join(result.missing)}", stacklevel=3)
    for stem, problem in result.bad.items():
        warnings.warn(f"{stem}: {problem}", stacklevel=3)
    if result.extra:
        warnings.warn(f"not scored, no truth: {', '.join(result.extra)}", stacklevel=3)
    for note in result.notes:
        warnings.warn(note, stacklevel=3)
