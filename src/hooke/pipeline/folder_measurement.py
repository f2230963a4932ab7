"""Measures objects that are there already in many images, and writes the tables to a folder.

```
OUT/
  labels/NAME.tif      the objects, so that the folder stands alone
  cytoplasm/NAME.tif   with the option expand, the ring around each object, under its number
  overlays/NAME.png    outlines; one picture a plane for stacks
  measurements.csv     a row per object
  summary.csv          a row per image or plane: count, warning, error
  parents.csv          with parents, a row per object of these: how many objects it holds
  geojson/NAME.geojson and so on: the formats asked for
```
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hooke.errors import ConfigError, DatasetError
from hooke.evaluation import open_labels, pair_source
from hooke.image import Image
from hooke.io import ImageFile, unique_names, write_labels, write_png
from hooke.io.annotations import parse_formats, write_formats
from hooke.io.atomic import atomic_paths
from hooke.io.channel_files import ChannelFiles, find_channels
from hooke.io.file_runner import InputFile, OnProgress, OnShare, run_files
from hooke.io.lock import only_run
from hooke.io.name_match import some_names
from hooke.io.naming import PLACE, image_place
from hooke.io.output_folder import left_before, search_inputs
from hooke.io.spreadsheet import write_table
from hooke.io.warning_cell import join_warnings
from hooke.labels import LabelledImage, LabelSource
from hooke.measure import (
    MeasureOptions,
    count_children,
    cytoplasm_labels,
    cytoplasm_table,
    drop_covered,
    intensity_doubts,
    known_channels,
    measure,
    name_columns,
    relate_objects,
)
from hooke.pipeline.given_sizes import with_pixel_size
from hooke.pipeline.image_facts import FACTS, differing_images, image_facts
from hooke.pipeline.options import available_threads
from hooke.pipeline.result_files import cytoplasm_path, labels_path, overlay_path
from hooke.report.overlay import overlay


@dataclass(frozen=True)
class MeasuredFolder:
    """The measurements of the objects of many images.

    Parameters
    ----------
    out : Path
    table : DataFrame
        A row per object: ``measurements.csv``.
    summary : DataFrame
        A row per image or plane: ``image``, ``file``, place in a stack, ``count``, ``warning``, ``error``, size of a
        pixel, type of the pixels and channels (``pixel_height_um``, ``pixel_width_um``, ``pixel_type``, ``channels``),
        ``folder``, ``suffix``.
    notes : tuple of str
        What was left out of the folders searched, how files were joined, and what else was written.
    parents : DataFrame, optional
        With parents, a row per object of these: ``parents.csv``.
    """

    out: Path
    table: pd.DataFrame
    summary: pd.DataFrame
    notes: tuple[str, ...] = ()
    parents: pd.DataFrame | None = None

    @property
    def failed(self) -> int:
        """Number of images that could not be measured."""
        return int((self.summary["error"] != "").sum())


def measure_folder(
    inputs: Sequence[str | Path],
    labels: str | Path,
    out: str | Path,
    options: MeasureOptions | None = None,
    *,
    parents: str | Path | None = None,
    most_covered: float = 1.0,
    axes: str | None = None,
    channels_from: str | None = None,
    ids: bool = False,
    write: str | Sequence[str] = (),
    threads: int = 0,
    progress: OnProgress[object] | None = None,
) -> MeasuredFolder:
    """Measure the objects of label images or annotations in every channel of their images, and write the results.

    Parameters
    ----------
    inputs : sequence of str or Path
        Images: files, folders and patterns.
    labels : str or Path
        What `hooke.evaluate` takes: label images, results of ``hooke segment``, or annotations of another program.
    out : str or Path
        Folder for the results.
    options : MeasureOptions, optional
    parents : str or Path, optional
        Labels of the same images, too, of what holds the objects, such as cells that hold nuclei: the table says in
        which of these each object is, see `hooke.measure.relate_objects`.
    most_covered : float
        Parents of which the objects cover a larger share of the pixels are left out, as objects themselves.
    axes : str, optional
        Axes of the images' files, where they do not state them.
    channels_from : str, optional
        The part of a file's name that says which channel of an image it holds: see `hooke.io.channel_files`.
    ids : bool
        Whether overlays show the number of each object.
    write : str or sequence of str
        Formats of other programs to write the objects in, too: keys of `hooke.io.annotations.WRITERS`.
    threads : int
        Files to measure at the same time; 0 takes all available cores.
    progress : callable, optional
        Given a `hooke.io.Progress` at the start and after each image.

    Raises
    ------
    HookeError
        When there is no image or no labels, `most_covered` is not between 0 and 1, or the folder can't be written to.
        An image that fails is reported in the summary; the rest continue.
    """
    if not 0 <= most_covered <= 1:
        raise ConfigError(f"a share of {most_covered} can't be covered", remedy="give a number from 0 to 1")
    formats, options, out = parse_formats(write), options or MeasureOptions(), Path(out)
    found = search_inputs(inputs, out)
    paths, channels = find_channels(found.paths, channels_from)
    objects = open_labels(labels)
    names = channels.names_like(paths, unique_names(paths), objects.names)
    files = [InputFile(name, path) for name, path in zip(names, paths, strict=True)]
    source, paired = pair_source(objects, names, labels)
    holders, also_paired = (None, []) if parents is None else pair_source(open_labels(parents), names, parents)
    job = _Job(source, holders, most_covered, channels, out, options, axes, ids, _is_same(labels, out))
    with only_run(out):
        results: list[list[_MeasuredPlane]] = list(
            run_files(
                job.measure,
                files,
                lambda file, message: [_MeasuredPlane(_row(file) | {"error": message})],
                total=len(files),
                threads=threads or available_threads(),
                alone=lambda _: False,
                progress=progress,
            )
        )
        measured = [plane for result in results for plane in result]
        rows = [plane.row for plane in measured]
        table = _joined([plane.objects for plane in measured if plane.objects is not None])
        summary = _summary(rows)
        with atomic_paths(out / "measurements.csv", out / "summary.csv") as (of_objects, of_images):
            write_table(name_columns(table, options.names), of_objects, float_format="%.8g")
            write_table(summary, of_images)
        held = None
        if parents is not None:
            held = _joined([plane.parents for plane in measured if plane.parents is not None])
            write_table(held, out / "parents.csv")
        written = write_formats(out, formats) if any(plane.objects is not None for plane in measured) else []
    left = [] if job.in_place else left_before(out, _written(job, measured, parents is not None))
    others = set(job.source.names) - {file.name for file in files}
    unused = [f"{len(others)} label image(s) are of none of these images: {some_names(others)}"] if others else []
    said = (*found.notes, *channels.notes, *paired, *also_paired, *unused, *differing_images(rows), *written, *left)
    return MeasuredFolder(out, table, summary, said, held)


def _written(job: _Job, measured: Sequence[_MeasuredPlane], with_parents: bool) -> set[Path]:
    """Files of results that a run wrote."""
    rows = [(plane.row["image"], plane.place) for plane in measured if plane.objects is not None]
    files = {overlay_path(job.out, name, place) for name, place in rows}
    files |= {labels_path(job.out, name) for name, _ in rows}
    if job.options.expand is not None:
        files |= {cytoplasm_path(job.out, name) for name, _ in rows}
    return files | ({job.out / "parents.csv"} if with_parents else set())


@dataclass(frozen=True, eq=False)
class _MeasuredPlane:
    """A row of the summary, the tables of a plane's objects and of those that hold them, and its place in a stack."""

    row: dict[str, Any]
    objects: pd.DataFrame | None = None
    parents: pd.DataFrame | None = None
    place: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class _Job:
    """What is the same for all files."""

    source: LabelSource
    parents: LabelSource | None
    most_covered: float
    channels: ChannelFiles
    out: Path
    options: MeasureOptions
    axes: str | None
    ids: bool
    in_place: bool

    def measure(self, file: InputFile, on_share: OnShare) -> list[_MeasuredPlane]:
        """Measure a file, plane by plane; give a row of the summary and the tables of each."""
        images = with_pixel_size(self.channels.open(file.path, axes=self.axes), self.options.pixel_size)
        content = _read(self.source, "labels", file, images)
        planes = content.labels.reshape(len(images), *images.plane_shape[:2])
        holders: Sequence[NDArray[np.int32] | None] = [None] * len(images)
        if self.parents is not None:
            holders = list(_read(self.parents, "parents", file, images).labels.reshape(planes.shape))
        if not self.in_place:
            self._write(labels_path(self.out, file.name), planes, images)
        if (width := self.options.expand) is not None:
            rings = np.stack([cytoplasm_labels(plane, width) for plane in planes])
            self._write(cytoplasm_path(self.out, file.name), rings, images)
        results: list[_MeasuredPlane] = []
        for image, labels, holder in zip(images, planes, holders, strict=True):
            table, held = self._table(image, labels, content), None
            if holder is not None:
                holder = drop_covered(holder, labels, self.most_covered)
                related = relate_objects(labels, holder, pixel_size_um=image.pixel_size_um)
                table = pd.concat([table, related], axis=1)
                held = _placed(count_children(holder, table), file, image)
            table = _placed(table, file, image)
            picture = overlay(image.pixels, labels, ids=self.ids)
            write_png(overlay_path(self.out, file.name, image.plane), picture)
            doubts = intensity_doubts(labels, image.pixels, known_channels(image))
            warning = join_warnings([*image.notes, content.note, *content.oddities, *doubts])
            row = _row(file) | image.plane | {"count": len(table), "warning": warning} | image_facts(image)
            results.append(_MeasuredPlane(row, table, held, image.plane))
            on_share(len(results) / len(images))
        return results

    def _table(self, image: Image, labels: NDArray[np.int32], content: LabelledImage) -> pd.DataFrame:
        """Measure one plane, and add what is known of its objects."""
        options = self.options
        table = measure(
            labels,
            image.pixels,
            pixel_size_um=image.pixel_size_um,
            channel_names=known_channels(image),
            surroundings=options.surroundings,
            texture=options.texture,
        )
        found = table["label"].tolist()
        if options.expand is not None:
            rings = cytoplasm_labels(labels, options.expand)
            around = cytoplasm_table(rings, table["label"].to_numpy(), image, texture=options.texture)
            table = pd.concat([table, around], axis=1)
        if content.scores:
            table["score"] = [content.scores.get(label, np.nan) for label in found]
        if content.classes:
            table["class"] = [content.classes.get(label, "") for label in found]
        return table

    def _write(self, path: Path, planes: NDArray[np.int32], images: ImageFile) -> None:
        """Write label images with the axes and sizes of the file that they are of."""
        write_labels(
            path,
            list(planes),
            axes=images.axes,
            shape=images.stack_shape,
            pixel_size_um=images.pixel_size_um,
            z_step_um=images.z_step_um,
            time_step_s=images.time_step_s,
        )


def _read(source: LabelSource, called: str, file: InputFile, images: ImageFile) -> LabelledImage:
    """Read the objects of an image, which the user knows as the labels or the parents."""
    if file.name not in source:
        remedy = f"name images and {called} alike"
        raise DatasetError(f"no {called} are named {file.name!r}", path=file.path, remedy=remedy)
    wanted = (*images.stack_shape, *images.plane_shape[:2])
    content = source.read(file.name, images.plane_shape[:2])
    if not _is_alike(content.labels.shape, wanted):
        sizes = " and ".join(" x ".join(map(str, shape)) for shape in (content.labels.shape, wanted))
        raise DatasetError(
            f"{called} and image differ in size: {sizes}",
            path=file.path,
            remedy=f"give the {called} of this very image",
        )
    return content


def _placed(table: pd.DataFrame, file: InputFile, image: Image) -> pd.DataFrame:
    """Say of which image and plane a table is, in its first and last columns."""
    table.insert(0, "image", file.name)
    for place, (axis, at) in enumerate(image.plane.items(), 1):
        table.insert(place, axis, at)
    return table.assign(**image_place(str(file.path)))


def _is_alike(labels: tuple[int, ...], image: tuple[int, ...]) -> bool:
    """Whether label images have the axes of an image, (..., Y, X): in its order, or all planes in one axis."""
    own, wanted = (tuple(size for size in shape[:-2] if size > 1) for shape in (labels, image))
    return labels[-2:] == image[-2:] and own in (wanted, (math.prod(wanted),) if wanted else ())


def _is_same(labels: str | Path, out: Path) -> bool:
    """Whether the labels are those of the output folder."""
    return Path(labels).resolve() in (out.resolve(), (out / "labels").resolve())


def _row(file: InputFile) -> dict[str, Any]:
    given = {"image": file.name, "file": str(file.path), "count": 0, "warning": "", "error": ""}
    return given | dict.fromkeys(FACTS, "")


def _summary(rows: Sequence[dict[str, Any]]) -> pd.DataFrame:
    """A row per image or plane: its place in a stack after the file, that of the file at the end."""
    planes = sorted({name for row in rows for name in row if len(name) == 1})
    columns = ["image", "file", *planes, "count", "warning", "error", *FACTS, *PLACE]
    return pd.DataFrame([row | image_place(row["file"]) for row in rows], columns=columns, dtype=object)


def _joined(tables: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """One table of all images; with no object at all, the columns alone."""
    held = [table for table in tables if len(table)] or list(tables[:1])
    joined = pd.concat(held, ignore_index=True) if held else pd.DataFrame(columns=["image", "label"])
    return joined[[*(name for name in joined if name not in PLACE), *(name for name in PLACE if name in joined)]]
