"""Open label images, with scores and classes of their objects: a folder, a data set, or a file of another format."""

from __future__ import annotations

from collections.abc import Sequence
from os import PathLike
from pathlib import Path

from hooke.datasets.layout import INDEX_NAME
from hooke.errors import DatasetError
from hooke.evaluation.object_facts import ObjectFacts, read_measurements
from hooke.io.annotations.annotation_files import (
    LABEL_SUFFIXES,
    files_of_labels_below,
    find_annotations,
    holds_one_image,
    is_label_image,
)
from hooke.io.annotations.cellpose_text import ENDINGS as OUTLINES
from hooke.io.annotations.classes_json import read_classes
from hooke.io.annotations.coco import open_coco
from hooke.io.annotations.dsb_csv import DsbSource
from hooke.io.annotations.label_files import read_label_file
from hooke.io.annotations.unread_files import lacks_labels, what_is_unread
from hooke.io.annotations.zarr_labels import ZarrFolder, ZarrSource, find_stores, is_in_zarr
from hooke.io.leftovers import holds_tracks
from hooke.io.naming import name_below
from hooke.io.tables import TABLE_SUFFIXES
from hooke.labels.labelled_image import LabelledImage, LabelSource


class FolderSource:
    """A folder of label images, a hooke dataset, or what ``hooke segment`` wrote.

    Images are named by their stem. Scores and classes of objects, with probabilities, are read from
    ``measurements.csv``, classes also from a dataset's ``classes.json``, where these are there.

    Parameters
    ----------
    folder : Path
    split_components : bool, optional
        See `hooke.io.annotations.label_files`.
    """

    def __init__(self, folder: Path, split_components: bool | None = None) -> None:
        self.files = _label_files(folder)
        self.split_components = split_components
        self.is_dataset = (folder / INDEX_NAME).is_file()
        self.facts: dict[str, ObjectFacts] = read_measurements(folder / "measurements.csv", self.files)
        self.classes = read_classes(folder)

    @property
    def names(self) -> list[str]:
        """Stems of the files, sorted."""
        return list(self.files)

    def __contains__(self, name: str) -> bool:
        """Whether there is a file with this stem."""
        return name in self.files

    def read(self, name: str, shape: tuple[int, ...] | None = None) -> LabelledImage:
        """Read one; the file knows its shape."""
        known = name in self.facts or name in self.classes or self.is_dataset
        read = read_label_file(self.files[name], self.split_components, holds_ids=known)
        labels, oddities = read.labels, read.oddities
        facts = self.facts.get(name, ObjectFacts())
        if name in self.classes:  # what people said
            return LabelledImage(labels, facts.scores, self.classes[name], oddities=oddities)
        return LabelledImage(labels, facts.scores, facts.classes, facts.probabilities, oddities=oddities)


def open_labels(
    path: str | Path, truth: LabelSource | None = None, split_components: bool | None = None
) -> LabelSource:
    """Open a source of label images of any kind.

    Parameters
    ----------
    path : str or Path
        A folder of label images, a hooke dataset, or what ``hooke segment`` wrote; a json file in COCO's format (a
        dataset, or a list of results), QuPath's or labelme's; a csv file of run lengths as in the Data Science Bowl
        2018; a zarr group, or a folder of stores; a label image, or a file of another format of
        `hooke.io.annotations.annotation_files`, or a folder of these.
    truth : LabelSource, optional
        What the source will be compared with: a list of COCO results takes the names of its images from it.
    split_components : bool, optional
        Of label images in a folder: see `hooke.io.annotations.label_files`.

    Returns
    -------
    LabelSource

    Raises
    ------
    DatasetError
        When there is nothing of these kinds.
    """
    if not isinstance(path, str | PathLike):
        cause = f"{type(path).__name__} is not the path of label images"
        raise DatasetError(cause, remedy="give a folder or a file; for arrays there is hooke.metrics.score_image")
    path = Path(path)
    suffix = path.suffix.lower()
    if suffix == ".zarr" or is_in_zarr(path):
        return ZarrSource(path, truth, split_components)
    if path.is_file() and suffix == ".json" and not holds_one_image(path):
        return open_coco(path, truth)
    if path.is_file() and what_is_unread(path):
        raise lacks_labels(path)
    if path.is_file() and suffix in TABLE_SUFFIXES and not path.name.lower().endswith(OUTLINES):
        return DsbSource(path, truth)
    if is_results(path):
        return FolderSource(path, split_components)
    annotations = find_annotations(path, split_components)
    if annotations is not None:
        return annotations
    stores = find_stores(path)
    if stores and not any(map(is_label_image, path.iterdir())):
        return (
            ZarrFolder(stores, split_components) if len(stores) > 1 else ZarrSource(stores[0], truth, split_components)
        )
    return FolderSource(path, split_components)


def is_results(path: Path) -> bool:
    """Whether a folder is a data set, or what ``hooke segment`` wrote."""
    return (path / INDEX_NAME).is_file() or (path / "labels").is_dir()


def _label_files(folder: Path) -> dict[str, Path]:
    """Map stem to label image, in the folder's ``labels`` where it has one, else in itself; sorted by stem.

    Where none is there, those in folders below count, whose names these begin: ``plate1/A01``.
    """
    if folder.is_file():
        raise lacks_labels(folder)
    if not folder.is_dir():
        remedy = "check the name; labels are a folder of label images, a label image, or a file of annotations"
        raise DatasetError("no such folder or file", path=folder, remedy=remedy)
    inner = folder / "labels"
    inner = inner if inner.is_dir() else folder
    files = _by_name(sorted(inner.iterdir()), inner) or _by_name(files_of_labels_below(inner), inner)
    if not files:
        raise lacks_labels(inner)
    return files


def _by_name(paths: Sequence[Path], root: Path) -> dict[str, Path]:
    """Map the label images among paths by their stem, after the folders below the root that they are in."""
    tracked = holds_tracks({path.name for path in paths})
    files: dict[str, Path] = {}
    for path in paths:
        if tracked and path.stem != "labels":  # beside the label images, hooke track writes a movie
            continue
        if path.suffix.lower() not in LABEL_SUFFIXES or path.name.startswith(".") or not path.is_file():
            continue
        name = name_below(path, root)
        if name in files:
            both = f"{files[name].name} and {path.name}"
            raise DatasetError(f"{both} share a stem", path=path.parent, remedy="keep one of them")
        files[name] = path
    return files
