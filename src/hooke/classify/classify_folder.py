"""Classifies the objects of many images, and writes the classes to a folder.

```
OUT/
  measurements.csv    a row per object: what was measured of it, then class, class_probability, one column per class
  counts.csv          a row per image: objects of each class
  labels/NAME.tif     the objects, so that the folder stands alone; none where these are points
  overlays/NAME.png   outlines in the colour of the class
  summary.csv         a row per image: count, warning, error
```
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hooke.classify.classifier_files import load_classifier
from hooke.classify.classify_objects import Classified, Classifier, check_threshold, classify_image
from hooke.errors import DatasetError, ImageReadError
from hooke.evaluation.point_tables import PointTable
from hooke.image import Image
from hooke.io import ImageFile, find_images, unique_names, write_labels, write_png
from hooke.io.annotations import parse_formats, write_formats
from hooke.io.annotations.label_files import read_label_file
from hooke.io.channel_files import find_channels
from hooke.io.class_counts import CLASS_COUNTS, write_counts
from hooke.io.file_runner import InputFile, OnProgress, OnShare, run_files
from hooke.io.lock import only_run
from hooke.io.name_match import matched
from hooke.io.naming import PLACE, image_place
from hooke.io.output_folder import left_before, search_inputs
from hooke.io.spreadsheet import write_table
from hooke.io.tables import TABLE_SUFFIXES, read_table
from hooke.io.warning_cell import join_warnings
from hooke.measure import known_channels, measure
from hooke.report.class_overlay import class_overlay

_NO_OBJECTS = np.zeros((2, 2), np.int32)


@dataclass(frozen=True)
class ClassifiedFolder:
    """The classes of the objects of many images.

    Parameters
    ----------
    out : Path
    counts : DataFrame
        A row per image: objects of each class.
    summary : DataFrame
        A row per image: ``image``, ``file``, ``count``, ``warning``, ``error``.
    notes : tuple of str
        What was left out of the folders searched.
    """

    out: Path
    counts: pd.DataFrame
    summary: pd.DataFrame
    notes: tuple[str, ...] = ()

    @property
    def failed(self) -> int:
        """Number of images that could not be classified."""
        return int((self.summary["error"] != "").sum())


class _LabelFolder:
    """Label images of a folder, or of the results of ``hooke segment``, by the name of their image."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "labels" if (folder / "labels").is_dir() else folder
        try:
            paths = find_images([self.folder], results=True)
        except ImageReadError as error:
            raise DatasetError("holds no label images", path=folder, remedy="give the folder of a result") from error
        self.paths = dict(zip(unique_names(paths), paths, strict=True))
        self.names: Collection[str] = self.paths
        self.notes: dict[str, list[str]] = {}
        table = folder / "measurements.csv"
        self.measured = _read_measurements(table, self.paths) if table.is_file() else None

    def read(self, name: str, image: Image) -> NDArray[np.generic]:
        if name not in self.paths:
            raise DatasetError(f"no label image named {name!r}", path=self.folder, remedy="segment this image, too")
        known = self.measured is not None and bool((self.measured["image"] == name).any())
        read = read_label_file(self.paths[name], holds_ids=known)
        self.notes[name] = [f"{count} {oddity}" for oddity, count in read.oddities.items()]
        return read.labels

    def lies_in(self, folder: Path) -> bool:
        """Whether the label images are those of this folder."""
        return self.folder.resolve() == folder.resolve()

    def table(self, name: str, ids: NDArray[np.int64]) -> pd.DataFrame | None:
        """What the segmentation has measured of these objects; None where it is not of these."""
        if self.measured is None:
            return None
        rows = self.measured[self.measured["image"] == name].drop(columns="image").reset_index(drop=True)
        return rows if np.array_equal(rows["label"], ids) else None


class _PointFile:
    """Points of a csv, by the name of their image."""

    def __init__(self, path: Path, images: Collection[str]) -> None:
        self.source = PointTable(path, images)
        self.names = images
        self.notes: dict[str, list[str]] = {}

    def read(self, name: str, image: Image) -> NDArray[np.generic]:
        return self.source.read(name, (image.height, image.width)).places.astype(np.float64)

    def lies_in(self, folder: Path) -> bool:
        return False

    def table(self, name: str, ids: NDArray[np.int64]) -> pd.DataFrame | None:
        return None


def open_objects(path: str | Path, images: Collection[str]) -> _LabelFolder | _PointFile:
    """Open where objects come from: a folder of label images, the results of ``hooke segment``, or a csv of points.

    Parameters
    ----------
    path : str or Path
    images : collection of str
        Names of the images, which points are matched with (`hooke.io.name_match`).

    Raises
    ------
    DatasetError
        When it is none of them.
    """
    path = Path(path)
    if path.is_dir():
        return _LabelFolder(path)
    if path.is_file() and path.suffix.lower() in TABLE_SUFFIXES:
        return _PointFile(path, images)
    raise DatasetError(
        "is neither a folder of label images nor a csv of points", path=path, remedy="give the results of hooke segment"
    )


def classify_folder(
    inputs: Sequence[str | Path],
    objects: str | Path,
    model: str | Path,
    out: str | Path,
    *,
    threshold: float = 0.0,
    channel: int | None = None,
    channels_from: str | None = None,
    write: str | Sequence[str] = (),
    progress: OnProgress[object] | None = None,
) -> ClassifiedFolder:
    """Predict the class of every object of files, folders and patterns, and write the results.

    Parameters
    ----------
    inputs : sequence of str or Path
        Images.
    objects : str or Path
        See `open_objects`.
    model : str or Path
        See `load_classifier`.
    out : str or Path
        Folder for the results.
    threshold : float
        Objects whose most probable class is less probable are called unknown.
    channel : int, optional
        Channel (0 is the first) that shows the objects.
    channels_from : str, optional
        The part of a file's name that says which channel of an image it holds: see `hooke.io.channel_files`.
    write : str or sequence of str
        Formats of other programs to write the objects in, too: keys of `hooke.io.annotations.WRITERS`.
    progress : callable, optional
        Given a `hooke.io.Progress` at the start and after each image.

    Raises
    ------
    HookeError
        When there is no image, no objects, no such classifier, or the folder can't be written to. An image that
        fails is reported in the summary; the rest continue.
    """
    check_threshold(threshold)
    out, formats = Path(out), parse_formats(write)
    searched = search_inputs(inputs, out)
    paths, channels = find_channels(searched.paths, channels_from)
    names = unique_names(paths)
    source, classifier = open_objects(objects, names), load_classifier(model)
    names = channels.names_like(paths, names, source.names)
    files = [InputFile(name, path) for name, path in zip(names, paths, strict=True)]

    def classify(file: InputFile, on_share: OnShare) -> _FileResult:
        image = replace(_single_plane(channels.open(file.path)), name=file.name)
        return _classify_file(file, image, source, classifier, threshold, channel, out)

    with only_run(out):
        results = list(run_files(classify, files, _failure, total=len(files), progress=progress))
        tables = [result.table for result in results if result.table is not None]
        write_table(_joined(tables, classifier), out / "measurements.csv")
        counts = [
            {"image": result.row["image"], CLASS_COUNTS: result.counts, **image_place(str(result.row["file"]))}
            for result in results
            if result.counts is not None
        ]
        counted = write_counts(counts, out / "counts.csv", classifier.classes, PLACE)
        summary = pd.DataFrame([result.row | image_place(str(result.row["file"])) for result in results])
        write_table(summary, out / "summary.csv")
        written = write_formats(out, formats) if any(result.table is not None for result in results) else []
    done = [str(result.row["image"]) for result in results if result.table is not None]
    own = [out / "counts.csv", *(out / "overlays" / f"{name}.png" for name in done)]
    own += [out / "labels" / f"{name}.tif" for name in done]
    left = [] if source.lies_in(out / "labels") else left_before(out, own)
    return ClassifiedFolder(out, counted, summary, (*searched.notes, *channels.notes, *written, *left))


@dataclass(frozen=True)
class _FileResult:
    """One file's row of the summary and, unless it failed, the rows of its objects and how many are of each class."""

    row: dict[str, object]
    table: pd.DataFrame | None = None
    counts: dict[str, int] | None = None


def _failure(file: InputFile, error: str) -> _FileResult:
    return _FileResult(_summary_row(file) | {"error": error})


def _summary_row(file: InputFile) -> dict[str, object]:
    return {"image": file.name, "file": str(file.path), "count": 0, "warning": "", "error": ""}


def _classify_file(
    file: InputFile,
    image: Image,
    source: _LabelFolder | _PointFile,
    classifier: Classifier,
    threshold: float,
    channel: int | None,
    out: Path,
) -> _FileResult:
    """Classify the objects of a file, and write its overlay and label image."""
    name = file.name
    objects = source.read(name, image)
    found = classify_image(image, objects, classifier, threshold=threshold, channel=channel)
    labels = None if objects.dtype.kind == "f" else objects.astype(np.int32)
    picture = class_overlay(image, found.objects.centres if labels is None else labels, found.classes, channel=channel)
    write_png(out / "overlays" / f"{name}.png", picture)
    if labels is not None and not source.lies_in(out / "labels"):
        write_labels(out / "labels" / f"{name}.tif", [labels], pixel_size_um=image.pixel_size_um)
    warnings = join_warnings([*source.notes.get(name, []), *found.warnings])
    row = _summary_row(file) | {"count": len(found.objects), "warning": warnings}
    table = _table(image, name, labels, found, source).assign(**image_place(str(file.path)))
    return _FileResult(row, table, found.classes.counts)


def _single_plane(file: ImageFile) -> Image:
    """Read an image of one plane."""
    if len(file) > 1:
        raise ImageReadError(
            f"is a stack of {len(file)} planes",
            path=file.path,
            remedy="use hooke segment --classify, which goes plane by plane",
        )
    if file.scenes:
        raise ImageReadError(
            f"holds {len(file.scenes)} images of other sizes",
            path=file.path,
            remedy="use hooke segment --classify, which takes each",
        )
    return file.plane(0)


def _table(
    image: Image,
    name: str,
    labels: NDArray[np.int32] | None,
    found: Classified,
    source: _LabelFolder | _PointFile,
) -> pd.DataFrame:
    table = source.table(name, found.objects.ids)
    if table is None and labels is not None:
        names = known_channels(image)
        table = measure(labels, image.pixels, pixel_size_um=image.pixel_size_um, channel_names=names)
    if table is None:
        y, x = found.objects.centres.T
        table = pd.DataFrame({"label": found.objects.ids, "y": y, "x": x})
    columns = found.classes.columns
    table = table.drop(columns=[column for column in (*columns, *PLACE) if column in table])
    table.insert(0, "image", name)
    return table.assign(**columns)


def _joined(tables: Sequence[pd.DataFrame], classifier: Classifier) -> pd.DataFrame:
    """One table of all images; with no object at all, the columns alone."""
    held = [table for table in tables if len(table)]
    if held:
        return pd.concat(held, ignore_index=True)
    if tables:
        return tables[0]
    columns = ["image", *measure(_NO_OBJECTS, None).columns, "class", "class_probability"]
    return pd.DataFrame(columns=[*columns, *(f"probability_{name}" for name in classifier.classes)])


def _read_measurements(path: Path, images: Collection[str]) -> pd.DataFrame:
    remedy = "run hooke segment again"
    table = read_table(path, ("image", "label"), ("class",), texts=("image", "class"), remedy=remedy)
    return table.assign(image=matched(table["image"], images, path=path))
