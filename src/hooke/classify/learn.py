"""Trains a classifier on features of labelled cells, from a hooke data set with classes or a csv of a few cells."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hooke.classify.channel_order import bring_into_order
from hooke.classify.classify_folder import open_objects
from hooke.classify.features import measure_features
from hooke.classify.forest import TREES, ForestClassifier, train_forest
from hooke.classify.intensity import FeatureIntensity, fit_intensity, possible_intensities
from hooke.datasets.layout import INDEX_NAME, find_image, find_labels, read_index
from hooke.errors import ConfigError, DatasetError
from hooke.image import Image
from hooke.io import find_images, read_image, read_labels, unique_names
from hooke.io.annotations.classes_json import read_classes
from hooke.io.channel_files import find_channels
from hooke.io.name_match import match_names, some_names
from hooke.io.tables import read_table
from hooke.labels.spelling import spelled_alike

CLEARLY = 0.01  # of balanced accuracy
_TREES_TO_COMPARE = 100
_FEW = 10  # cells of a class: what is learnt from fewer depends on which these are
_LARGEST_ID = 2**31 - 1


@dataclass(frozen=True)
class Examples:
    """One image with the classes of some of its objects.

    Parameters
    ----------
    image : Image
    labels : ndarray of int32, shape (Y, X)
    classes : mapping of int to str
        Label to class.
    """

    image: Image
    labels: NDArray[np.int32]
    classes: Mapping[int, str]


@dataclass(frozen=True)
class Learnt:
    """A trained classifier, and its accuracy in cross-validation over images.

    Parameters
    ----------
    classifier : ForestClassifier
    examples : dict of str to int
        Objects learnt from.
    accuracy, balanced_accuracy : float
        Of forests that have not seen the image; NaN with a single image.
    tried : dict of str to float
        Balanced accuracy by the ways of seeing images that were compared; NaN where there is only one.
    unlike : dict of str to str
        Ways that could not be compared, with the first image that is seen in other channels than those before.
    """

    classifier: ForestClassifier
    examples: dict[str, int]
    accuracy: float
    balanced_accuracy: float
    tried: dict[FeatureIntensity, float]
    unlike: dict[FeatureIntensity, str]

    @property
    def warnings(self) -> tuple[str, ...]:
        """What makes the classes doubtful: few cells, an accuracy that is not known, classes typed in two ways."""
        few = [f"{count} {name}" for name, count in self.examples.items() if count < _FEW]
        found = [f"learnt from {', '.join(few)} only: label 20 cells of each class or more"] if few else []
        if np.isnan(self.accuracy):
            found.append("the accuracy is not known: label cells of each class in two images or more")
        both = "are different classes here: are they one, typed in two ways?"
        return (*found, *(f"{' and '.join(map(repr, names))} {both}" for names in spelled_alike(self.examples)))


def examples_of_dataset(folder: str | Path, split: str = "train", classes: Sequence[str] = ()) -> Iterator[Examples]:
    """Labelled cells of a hooke data set, image by image.

    Parameters
    ----------
    folder : str or Path
    split : str
    classes : sequence of str
        Leave out objects of others; by default, none.

    Raises
    ------
    DatasetError
        When there is no data set, or none of its objects has one of the classes.
    """
    folder = Path(folder)
    if not (folder / INDEX_NAME).is_file():
        raise DatasetError("no hooke data set here (index.csv is missing)", path=folder, remedy="run hooke prepare")
    named = read_classes(folder)
    known = {name for classes_of_image in named.values() for name in classes_of_image.values()}
    if absent := [name for name in classes if name not in known]:
        raise DatasetError(
            f"has no object of class {', '.join(absent)}",
            path=folder,
            remedy=f"classes there: {', '.join(sorted(known)) or 'none'}",
        )
    rows = [row for row in read_index(folder) if row.split == split and named.get(row.id)]
    if not rows:
        raise DatasetError(f"no object of split {split!r} has a class", path=folder, remedy="check splits and classes")
    for row in rows:
        kept = {id_: name for id_, name in named[row.id].items() if not classes or name in classes}
        image, labels = find_image(folder, row.id), find_labels(folder, row.id)
        if image is None or labels is None:
            raise DatasetError(f"lacks the files of {row.id!r}", path=folder, remedy="run hooke prepare again")
        yield _checked(replace(read_image(image), name=row.id), read_labels(labels), kept)


def examples_of_table(
    table: str | Path,
    images: Sequence[str | Path],
    objects: str | Path,
    classes: Sequence[str] = (),
    *,
    channels_from: str | None = None,
) -> Iterator[Examples]:
    """Labelled cells of a csv with the columns ``image``, ``label`` and ``class``, image by image.

    Parameters
    ----------
    table : str or Path
    images : sequence of str or Path
        Files, folders and patterns.
    objects : str or Path
        Folder of label images, or results of ``hooke segment``.
    classes : sequence of str
        Leave out objects of others; by default, none.
    channels_from : str, optional
        The part of a file's name that says which channel of an image it holds: see `hooke.io.channel_files`.

    Raises
    ------
    DatasetError
        When the table can't be read, or names an image or an object that is not there.
    """
    rows = _read_table(Path(table))
    if classes:
        rows = rows[rows["class"].isin(list(classes))]
    paths, channels = find_channels(find_images(images), channels_from)
    names = unique_names(paths)
    source = open_objects(objects, names)
    known = dict(zip(channels.names_like(paths, names, source.names), paths, strict=True))
    meant = match_names(rows["image"].unique(), known, path=table)
    if absent := [str(name) for name in rows["image"].unique() if name not in meant]:
        remedy = f"check --images; the images there are named {some_names(known)}, without suffix"
        raise DatasetError(f"names an image {absent[0]!r} that is not there", path=table, remedy=remedy)
    for name, part in rows.groupby(rows["image"].map(meant), sort=True):
        image = replace(channels.open(known[str(name)]).plane(0), name=str(name))
        labels = source.read(str(name), image)
        if labels.dtype.kind == "f":
            raise DatasetError("points have no features", path=objects, remedy="give label images")
        known_classes = dict(zip(part["label"].astype(int), part["class"], strict=True))
        yield _checked(image, labels.astype(np.int32), known_classes)


def learn_features(
    examples: Iterator[Examples] | Sequence[Examples],
    *,
    name: str = "features",
    intensity: FeatureIntensity | None = None,
    per_class: int | None = None,
    folds: int = 5,
    seed: int = 0,
    on_image: Callable[[str], None] | None = None,
) -> Learnt:
    """Grow a forest on labelled cells, and cross-validate it over images.

    Parameters
    ----------
    examples : iterable of Examples
    name : str
        Of the classifier.
    intensity : {"nuclei", "colours", "stored", "channels"}, optional
        How the images are seen: see `hooke.classify.intensity`. By default, of the ways that all images allow, the one
        of the best balanced accuracy; the nuclear channel alone where no other is better by 0.01.
    per_class : int, optional
        Learn from this many cells of each class, drawn at random.
    folds : int
        Of the cross-validation; images stay whole.
    seed : int
    on_image : callable, optional
        Called with each image's name when it has been measured.

    Raises
    ------
    ConfigError
        With fewer than two classes.
    DatasetError
        When images are of different channels.
    """
    seen: dict[FeatureIntensity, _FeatureTable] = {}
    names: list[str] = []
    images: list[str] = []
    unlike: dict[FeatureIntensity, str] = {}
    for example in examples:
        ways = (intensity,) if intensity else possible_intensities(example.image)
        if not names:
            seen = {way: _FeatureTable(way) for way in ways}
        left = {way: table for way, table in seen.items() if way in ways and table.add(example)}
        if not left:
            cause = "has other channels, or is seen in others, than the images before"
            remedy = "train on images of one kind, or let the intensities that serve all of them be chosen"
            raise DatasetError(cause, path=example.image.path or example.image.name, remedy=remedy)
        unlike |= dict.fromkeys(seen.keys() - left.keys(), example.image.name)
        seen = left
        names += [example.classes[label] for label in sorted(example.classes)]
        images += [example.image.name] * len(example.classes)
        if on_image:
            on_image(example.image.name)
    if not names:
        raise ConfigError("no labelled cell", remedy="give cells of two classes or more")
    named, groups = np.array(names), np.array(images)
    kept = np.arange(len(names)) if per_class is None else _draw(named, per_class, np.random.default_rng(seed))
    named, groups = named[kept], groups[kept]
    tables = {way: table.joined().iloc[kept].reset_index(drop=True) for way, table in seen.items()}
    tried = _compare(tables, named, groups, folds, seed)
    best = _best(tried)
    forest = train_forest(
        tables[best],
        named.tolist(),
        name=name,
        modes=sorted(seen[best].modes),
        intensity=best,
        channels=seen[best].channels,
        seed=seed,
    )
    accuracy, balanced = _cross_validate(tables[best], named, groups, folds, seed)
    return Learnt(forest, forest.settings.examples, accuracy, balanced, tried, unlike)


class _FeatureTable:
    """Features of all images' cells, seen in one way."""

    def __init__(self, intensity: FeatureIntensity) -> None:
        self.intensity = intensity
        self.modes: set[Literal["grey", "rgb", "channels"]] = set()
        self.parts: list[pd.DataFrame] = []
        self.channels: tuple[str, ...] = ()

    def add(self, example: Examples) -> bool:
        """Measure the cells of an image; False where it has other features than the images before."""
        if self.intensity == "channels":
            image, _ = bring_into_order(example.image, self.channels)
            self.channels = self.channels or image.channel_names
            example = replace(example, image=image)
        features, mode = _measure(example, self.intensity)
        if self.parts and list(features.columns) != list(self.parts[0].columns):
            return False
        self.parts.append(features)
        self.modes.add(mode)
        return True

    def joined(self) -> pd.DataFrame:
        """A row per cell, in the order in which they were added."""
        return pd.concat(self.parts, ignore_index=True)


def _compare(
    tables: Mapping[FeatureIntensity, pd.DataFrame],
    named: NDArray[np.str_],
    groups: NDArray[np.str_],
    folds: int,
    seed: int,
) -> dict[FeatureIntensity, float]:
    """Balanced accuracy of small forests by each way of seeing, over images, or over cells where there is one image."""
    if len(tables) == 1:
        return dict.fromkeys(tables, float("nan"))
    parts = groups if len(np.unique(groups)) > 1 else np.arange(len(named)).astype(str)
    return {
        way: _cross_validate(table, named, parts, folds, seed, trees=_TREES_TO_COMPARE)[1]
        for way, table in tables.items()
    }


def _best(tried: Mapping[FeatureIntensity, float]) -> FeatureIntensity:
    """Choose the first of the ways, or a later one that is clearly better."""
    best = next(iter(tried))
    for way, score in tried.items():
        if score > tried[best] + CLEARLY:
            best = way
    return best


def _checked(image: Image, labels: NDArray[np.int32], classes: Mapping[int, str]) -> Examples:
    where = image.path or image.name
    if labels.shape != image.pixels.shape[:2]:
        raise DatasetError(
            f"labels of {labels.shape} pixels for an image of {image.pixels.shape[:2]}", path=where, remedy="check both"
        )
    there = set(np.unique(labels).tolist())
    if absent := [label for label in classes if label not in there]:
        raise DatasetError(f"has no object {absent[0]}, which has a class", path=where, remedy="check the labels")
    return Examples(image, labels, classes)


def _measure(example: Examples, intensity: FeatureIntensity) -> tuple[pd.DataFrame, Literal["grey", "rgb", "channels"]]:
    """Features of the objects that have a class, by increasing label."""
    normalisation = fit_intensity(example.image, intensity, None, ForestClassifier.percentiles)
    wanted = np.isin(example.labels, list(example.classes))
    # Others are cleared only after their pixels have kept the rings of these free.
    features = measure_features(normalisation.apply(example.image.pixels), example.labels)
    ids = np.unique(example.labels[example.labels > 0])
    return features[np.isin(ids, np.unique(example.labels[wanted]))].reset_index(drop=True), normalisation.mode


def _draw(named: NDArray[np.str_], per_class: int, rng: np.random.Generator) -> NDArray[np.int64]:
    drawn = [rng.permutation(np.flatnonzero(named == name))[:per_class] for name in np.unique(named)]
    return np.sort(np.concatenate(drawn))


def _cross_validate(
    table: pd.DataFrame,
    named: NDArray[np.str_],
    groups: NDArray[np.str_],
    folds: int,
    seed: int,
    trees: int = TREES,
) -> tuple[float, float]:
    """Accuracy and balanced accuracy of forests on images that they have not seen; NaN where that can't be."""
    names = np.random.default_rng(seed).permutation(np.unique(groups))
    predicted = np.full(len(named), "", dtype=object)
    for part in np.array_split(names, min(folds, len(names))):
        held = np.isin(groups, part)
        if len(np.unique(named[~held])) < 2:
            continue
        forest = train_forest(table[~held], named[~held].tolist(), trees=trees, seed=seed)
        probabilities = forest.predict(table[held])
        predicted[held] = np.array(forest.classes)[probabilities.argmax(axis=1)]
    tested = predicted != ""
    if not tested.any():
        return float("nan"), float("nan")
    right = predicted[tested] == named[tested]
    recalls = [right[named[tested] == name].mean() for name in np.unique(named[tested])]
    return float(right.mean()), float(np.mean(recalls))


def _read_table(path: Path) -> pd.DataFrame:
    """Read labelled cells; rows without image, label or class are left out."""
    table = read_table(path, ("image", "label", "class"), texts=("image", "class"))
    table = table[(table["image"] != "") & (table["class"] != "") & (table["label"].astype(str) != "")]
    labels = pd.to_numeric(table["label"], errors="coerce")
    bad = table.index[(labels.isna() & table["label"].notna()) | (labels % 1 > 0) | (labels.abs() > _LARGEST_ID)]
    if len(bad):
        cause = f"line {bad[0]}: label is {table['label'][bad[0]]}"
        raise DatasetError(cause, path=path, remedy="give the whole number of an object in the label image")
    table = table.assign(label=labels).dropna(subset=["label"]).astype({"label": int})
    _check_one_class(table, path)
    return table


def _check_one_class(table: pd.DataFrame, path: Path) -> None:
    """Refuse an object that has two classes; one that is listed twice with the same class does no harm."""
    rows = table.drop_duplicates(["image", "label", "class"])
    again = rows[rows.duplicated(["image", "label"])]
    if again.empty:
        return
    line, image, label = again.index[0], again["image"].iloc[0], again["label"].iloc[0]
    first = rows[(rows["image"] == image) & (rows["label"] == label)].iloc[0]
    second = again["class"].iloc[0]
    cause = f"object {label} of {image!r} is {first['class']} in line {first.name} and {second} in line {line}"
    raise DatasetError(cause, path=path, remedy="keep one class for each object")
