"""Score detection alone: precision, recall and F1 of predicted points, without outlines."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hooke.errors import DatasetError, HookeError
from hooke.evaluation.class_scores import ClassPair, class_notes, class_pairs, score_classes
from hooke.evaluation.misplacement import PlacedPoints, misplaced_points, place_points
from hooke.evaluation.oddities import summed_oddities
from hooke.evaluation.point_tables import NO_POINTS, Points, PointSource, open_points
from hooke.evaluation.result import plain_json
from hooke.evaluation.scored_images import group_column, known_columns, list_images
from hooke.evaluation.sources import open_labels
from hooke.io import atomic_path
from hooke.io.spreadsheet import write_table
from hooke.labels.labelled_image import LabelledImage, LabelSource
from hooke.metrics import (
    RESAMPLES,
    Counts,
    PointMatching,
    find_objects,
    inner_points,
    match_points_by_distance,
    match_points_in_masks,
    percentile_interval,
    resample_groups,
)
from hooke.metrics.classification import ClassificationScores

_RATIOS = ("precision", "recall", "f1")
_COUNTS = ("tp", "fp", "fn", "class_known", "class_right")


@dataclass(frozen=True)
class DetectionSummary:
    """Detection in a set of images.

    Parameters
    ----------
    images : int
        Images in the set.
    counts : Counts
        Points that found an object (tp) or none (fp), objects not found (fn), summed over the images.
    pooled, mean : dict of str to float
        ``precision``, ``recall``, ``f1``: of the summed counts, and averaged over images. In `pooled` also
        ``class_accuracy``: of the objects found whose class is known on both sides, the share that have the right one;
        NaN where there is none.
    pooled_interval : dict of str to (float, float)
        95 % bootstrap intervals of `pooled`, drawn over groups of images; empty where there is one group only.
    """

    images: int
    counts: Counts
    pooled: dict[str, float]
    mean: dict[str, float]
    pooled_interval: dict[str, tuple[float, float]] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Detection:
    """Detection in each image and in all.

    Parameters
    ----------
    per_image : DataFrame
        ``image``, the columns of the index, ``problem`` (why its truth or its points could not be used, or empty), then
        ``tp, fp, fn, class_known, class_right, precision, recall, f1``.
    overall : DetectionSummary
        Of all images whose truth could be read.
    by : dict of str to dict of str to DetectionSummary
        For each column of the index asked for, each of its groups apart; ``modality`` always when there is one.
    max_distance : float or None
        Pixels within which a point finds a true one; None: a point finds the true mask that it lies in.
    extra : tuple of str
        Images with points but without truth; they are not scored.
    classification : ClassificationScores, optional
        How well the classes of the objects found were predicted; None where no pair has a class on both sides.
    notes : tuple of str
        Where the classes of the two sides do not fit each other.
    """

    per_image: pd.DataFrame
    overall: DetectionSummary
    by: dict[str, dict[str, DetectionSummary]]
    max_distance: float | None
    extra: tuple[str, ...]
    classification: ClassificationScores | None = None
    notes: tuple[str, ...] = ()

    @property
    def bad(self) -> dict[str, str]:
        """Why points or truth could not be used, by image."""
        table = self.per_image[self.per_image["problem"] != ""]
        return dict(zip(table["image"], table["problem"], strict=True))

    def to_dict(self) -> dict[str, Any]:
        """Give everything except the table as plain dictionaries and lists, ready for JSON."""
        by = {column: {name: _plain(summary) for name, summary in groups.items()} for column, groups in self.by.items()}
        matched_by = "mask" if self.max_distance is None else "distance"
        whole = {"matched_by": matched_by, "max_distance": self.max_distance, "overall": _plain(self.overall), "by": by}
        classes = None if self.classification is None else self.classification.to_dict()
        rest = {"classification": classes, "bad": self.bad, "extra": self.extra, "notes": self.notes}
        return {name: plain_json(value) for name, value in {**whole, **rest}.items()}

    def save(self, folder: str | Path) -> None:
        """Write ``detection.json`` and ``detection_per_image.csv``.

        Raises
        ------
        OutputError
            When they can't be written.
        """
        write_table(self.per_image, Path(folder) / "detection_per_image.csv", float_format="%.8g")
        with atomic_path(Path(folder) / "detection.json") as temporary:
            temporary.write_text(json.dumps(self.to_dict(), indent=2, allow_nan=False) + "\n", encoding="utf-8")


def evaluate_points(
    pred: str | Path,
    truth: str | Path,
    *,
    split: str | None = None,
    out: str | Path | None = None,
    by: Sequence[str] = (),
    max_distance: float | None = None,
    ignore_classes: Collection[str] = (),
    split_components: bool | None = None,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Detection:
    """Score detected points against true objects.

    Parameters
    ----------
    pred : str or Path
        A csv file with the columns ``image``, ``y`` and ``x`` (or ``centroid_y`` and ``centroid_x``), in pixels, and
        where known ``score`` (the point with the highest score claims an object first) and ``class``; what ``hooke
        segment`` wrote; or label images as `hooke.evaluation.evaluate` takes them, each object being a point in it.
    truth : str or Path
        As `hooke.evaluation.evaluate` takes it.
    split, by, split_components, resamples, seed
        As `hooke.evaluation.evaluate`.
    out : str or Path, optional
        Folder for ``detection.json`` and ``detection_per_image.csv``. `hooke.evaluate_points` also writes ``classes/``
        there, where classes are known.
    max_distance : float, optional
        Pixels: match a point to a true object's centre at most so far away. Without it a point finds the mask that it
        lies in, if no other point has claimed it.
    ignore_classes : collection of str
        Objects of these true classes can be found, but what class they are given does not count, as the DKFZ's authors
        do with partially differentiated cells.

    Returns
    -------
    Detection

    Raises
    ------
    DatasetError
        When either side can't be read at all, or the split or a column is unknown.
    OutputError
        When `out` can't be written, or another run of `hooke.evaluate_points` writes there.
    """
    truths = open_labels(truth, split_components=split_components)
    points = open_points(pred, truths, split_components)
    images = list_images(Path(truth), truths.names, split)
    by = known_columns(by, images, Path(truth))
    scored = [_score(row, points, truths, max_distance, ignore_classes) for row in images]
    rows = [image.row for image in scored]
    good = [row for row in rows if "tp" in row]
    if not good:
        raise DatasetError("no image could be scored", path=Path(truth), remedy=rows[0]["problem"])
    group = group_column(list(images[0]))
    names = {image.row["image"]: str(image.row[group]) if group else image.row["image"] for image in scored}
    result = Detection(
        per_image=pd.DataFrame(rows),
        overall=_summarise(good, group, resamples, seed),
        by={column: _summarise_by(good, column, group, resamples, seed) for column in by},
        max_distance=max_distance,
        extra=tuple(name for name in points.names if name not in {*truths.names, *(row["image"] for row in images)}),
        classification=score_classes(
            [(names[image.row["image"]], image.pairs) for image in scored],
            ignore=ignore_classes,
            resamples=resamples,
            seed=seed,
        ),
        notes=(*points.notes, *_notes(scored, ignore_classes)),
    )
    if out is not None:
        result.save(out)
    return result


@dataclass(frozen=True, eq=False)
class _Scored:
    """One image: its row of the table, the classes of what was found, and all classes and oddities on either side."""

    row: dict[str, Any]
    pairs: Sequence[ClassPair] = ()
    true: Collection[str] = ()
    predicted: Collection[str] = ()
    oddities: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    placed: PlacedPoints = field(default_factory=PlacedPoints)


def _score(
    row: dict[str, str],
    points: PointSource,
    truths: LabelSource,
    max_distance: float | None,
    ignore_classes: Collection[str],
) -> _Scored:
    """Score one image; there are no numbers where its truth can't be read."""
    name = row["image"]
    try:
        if name not in truths:
            raise DatasetError("no label image of this id", remedy="prepare the data set again")
        truth = truths.read(name)
    except HookeError as error:
        return _Scored({**row, "problem": str(error)})
    found, problem = NO_POINTS, ""
    try:
        found = points.read(name, truth.labels.shape)
    except HookeError as error:
        problem = str(error)
    matching, true_ids = _match(found, truth, max_distance)
    pairs: list[ClassPair] = []
    if found.classes:
        true = [truth.classes.get(label, "") for label in true_ids.tolist()]
        places = matching.pred.tolist()
        probabilities = [found.probabilities[place] if found.probabilities else {} for place in places]
        pairs = class_pairs(true, [found.classes[place] for place in places], probabilities, ignore_classes)
    known = {"class_known": len(pairs), "class_right": sum(pair.true == pair.predicted for pair in pairs)}
    ratios = {name: getattr(matching.counts, name) for name in _RATIOS}
    numbers = {**asdict(matching.counts), **known, **ratios}
    oddities = {"prediction": found.oddities, "truth": truth.oddities}
    placed = place_points(found.places, truth.labels)
    classes = {*truth.classes.values()}, {*found.classes}
    return _Scored({**row, "problem": problem, **numbers}, pairs, *classes, oddities, placed)


def _match(found: Points, truth: LabelledImage, max_distance: float | None) -> tuple[PointMatching, NDArray[np.int64]]:
    """Points that found an object, and the labels of these."""
    objects = find_objects(truth.labels)
    if max_distance is None:
        matching = match_points_in_masks(found.places, truth.labels, len(objects.ids))
        return matching, matching.true
    matching = match_points_by_distance(found.places, inner_points(truth.labels, objects), max_distance)
    return matching, objects.ids[matching.true]


def _notes(images: Sequence[_Scored], ignore_classes: Collection[str]) -> list[str]:
    """What was odd about label images, and where the classes of the two sides do not fit each other."""
    odd = [(image.row["image"], side, oddities) for image in images for side, oddities in image.oddities.items()]
    true = {name for image in images for name in image.true}
    predicted = {name for image in images for name in image.predicted}
    misplaced = misplaced_points(image.placed for image in images)
    return summed_oddities(odd) + misplaced + class_notes(true, predicted, ignore_classes)


def _summarise_by(
    rows: Sequence[Mapping[str, Any]], column: str, group: str | None, resamples: int, seed: int
) -> dict[str, DetectionSummary]:
    names = sorted({str(row[column]) for row in rows})
    parts = {name: [row for row in rows if str(row[column]) == name] for name in names}
    return {name: _summarise(part, group, resamples, seed) for name, part in parts.items()}


def _summarise(rows: Sequence[Mapping[str, Any]], group: str | None, resamples: int, seed: int) -> DetectionSummary:
    table = np.array([[row[name] for name in _COUNTS] for row in rows], np.float64)
    groups = [str(row[group]) if group else str(index) for index, row in enumerate(rows)]
    intervals = {}
    if resamples and len(set(groups)) > 1:
        drawn = resample_groups(groups, resamples, np.random.default_rng(seed)) @ table
        scores = [_pooled(sums) for sums in drawn]
        resampled = {name: np.array([score[name] for score in scores]) for name in scores[0]}
        # A data set drawn without any class says nothing of the accuracy of classes.
        known = {name: values[np.isfinite(values)] for name, values in resampled.items()}
        intervals = {name: percentile_interval(values) for name, values in known.items() if len(values)}
    totals = table.sum(axis=0)
    return DetectionSummary(
        images=len(rows),
        counts=Counts(*totals[:3].astype(int).tolist()),
        pooled=_pooled(totals),
        mean={name: float(np.mean([row[name] for row in rows])) for name in _RATIOS},
        pooled_interval=intervals,
    )


def _pooled(sums: NDArray[np.float64]) -> dict[str, float]:
    counts = Counts(*sums[:3].astype(int).tolist())
    accuracy = float(sums[4] / sums[3]) if sums[3] else float("nan")
    return {**{name: getattr(counts, name) for name in _RATIOS}, "class_accuracy": accuracy}


def _plain(summary: DetectionSummary) -> dict[str, Any]:
    """As a dictionary, intervals as lists."""
    whole = asdict(summary)
    whole["pooled_interval"] = {name: list(pair) for name, pair in whole["pooled_interval"].items()}
    return whole
