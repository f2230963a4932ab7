"""Defines the result of one segmentation: labels and scores, and on request the table, the picture and the files."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hooke.addresses import path_text
from hooke.image import Image
from hooke.io import write_labels, write_png
from hooke.io.annotations import to_anndata, to_geojson, write_geojson
from hooke.io.class_counts import CLASS_COUNTS
from hooke.io.warning_cell import join_warnings
from hooke.labels.classes import Classes
from hooke.labels.rings import Polygon, trace_polygons
from hooke.measure import (
    FIRST_OF_MORE,
    MeasureOptions,
    cytoplasm_labels,
    cytoplasm_table,
    known_channels,
    measure,
)
from hooke.models import Model
from hooke.pipeline.image_facts import image_facts
from hooke.pipeline.ledger import Ledger
from hooke.pipeline.notebook_views import annotated_plane, describe, draw_axes, render_card
from hooke.pipeline.result_files import cytoplasm_path, labels_path, overlay_path, plane_name, thumbnail_path
from hooke.pipeline.saved_results import saving
from hooke.pipeline.work import Content, Origin, Work
from hooke.preprocess import Normalisation
from hooke.report.class_overlay import class_overlay
from hooke.report.html.thumbnails import encode_thumbnail
from hooke.report.overlay import overlay

DOUBTFUL = 0.6  # of objects that score below this, about half have no true object at IoU 0.5 (validation images)


@dataclass(frozen=True)
class Segmentation:
    """What `hooke.segment` found in one image.

    Parameters
    ----------
    image : Image
    labels : ndarray of int32, shape (Y, X)
        0 background, 1..n instances.
    scores : ndarray of float32, shape (n,)
        Confidence in each instance, 0..1: its predicted IoU with the true object.
    model : Model
    normalisation : Normalisation
        Channel and intensity scale that the network saw.
    diameter : float or None
        Typical diameter in pixels, as given or measured, or as a model that takes whole images expects it; None when
        nothing was found to measure.
    scale : float
        Network pixels per image pixel.
    min_size : float
        Area in pixels below which objects were dropped.
    seconds : float
        Time from pixels to labels.
    warnings : tuple of str
        What the user should know of this result.
    classes : Classes or None
        The class of each instance, for models that predict classes.
    dropped : int
        Candidates that were left out because they are smaller than `min_size` or score too low. What is both is
        noise, and not counted.
    measuring : MeasureOptions
        What the table holds.
    ids : bool
        Whether overlays show the number of each object.
    threads : int
        Threads to measure with.
    """

    image: Image
    labels: NDArray[np.int32]
    scores: NDArray[np.float32]
    model: Model
    normalisation: Normalisation
    diameter: float | None
    scale: float
    min_size: float
    seconds: float
    warnings: tuple[str, ...] = field(default=())
    classes: Classes | None = None
    dropped: int = 0
    measuring: MeasureOptions = field(default=MeasureOptions())
    ids: bool = False
    threads: int = 1

    @property
    def count(self) -> int:
        """Number of instances."""
        return len(self.scores)

    @property
    def summary(self) -> Summary:
        """What ``summary.csv`` says of it."""
        area = np.bincount(self.labels.ravel())[1:]
        return Summary(
            self.image,
            self.model,
            self.normalisation,
            self.count,
            self.dropped,
            float(np.median(area)) if area.size else None,
            self.diameter,
            self.scale,
            self.min_size,
            self.seconds,
            self.warnings,
            None if self.classes is None else self.classes.counts,
        )

    @cached_property
    def table(self) -> pd.DataFrame:
        """A row per instance: the columns of `hooke.measure.measure`, with ``doubtful`` and any class before `more`."""
        return complete_table(
            self.image,
            self.labels,
            self.scores,
            self.classes,
            self.measuring,
            cytoplasm=self.cytoplasm,
            threads=self.threads,
        )

    @cached_property
    def cytoplasm(self) -> NDArray[np.int32] | None:
        """The ring around each object that is measured as its cytoplasm, (Y, X); None where none is wanted."""
        width = self.measuring.expand
        return None if width is None else cytoplasm_labels(self.labels, width)

    @property
    def doubtful(self) -> NDArray[np.bool_]:
        """Whether each instance scores below 0.6, so that its outline should be checked. Shape (n,)."""
        return self.scores < DOUBTFUL

    def overlay(self) -> NDArray[np.uint8]:
        """The image with outlines, the doubtful dashed: RGB, shape (Y, X, 3).

        Where classes are known, each in the colour of its class, and a legend below.
        """
        channel = self.normalisation.channel
        if self.classes is not None:
            # In a colour image, the stain that shows the class is rarely the one that shows the nuclei.
            shown = None if self.image.is_rgb else channel
            return class_overlay(
                self.image, self.labels, self.classes, channel=shown, doubtful=self.doubtful, ids=self.ids
            )
        dashed = np.flatnonzero(self.doubtful) + 1
        return overlay(self.image.pixels, self.labels, channel=channel, dashed=dashed, ids=self.ids)

    @cached_property
    def polygons(self) -> dict[int, list[Polygon]]:
        """Outlines by label: the pieces of each object, of each its outline and then its holes, along pixel edges.

        Corners are (x, y) in pixels with (0, 0) at the outer corner of the top-left pixel, as in QuPath, ImageJ and
        COCO: see `hooke.labels.trace_polygons`. ``shapely.Polygon(piece[0], piece[1:])`` takes a piece.
        """
        return trace_polygons(self.labels)

    def to_geojson(self, path: str | Path | None = None) -> dict[str, Any]:
        """Give the objects as QuPath's GeoJSON, with class and measurements, and write it where a path is given.

        Parameters
        ----------
        path : str or Path, optional
            The file; replaced if there.

        Raises
        ------
        OutputError
            When it can't be written.
        """
        plane = annotated_plane(self)
        if path is not None:
            write_geojson(Path(path), plane)
        return to_geojson(plane)

    def to_anndata(self) -> Any:
        """Give the objects as an `anndata.AnnData`: measurements as ``X``, centroids as ``obsm["spatial"]``, (x, y).

        Raises
        ------
        DatasetError
            When the package anndata is not installed; `hooke.io.annotations.write_h5ad` writes the file without it.
        """
        return to_anndata([annotated_plane(self)])

    def plot(self, axes: Any = None) -> Any:
        """Draw the overlay with matplotlib.

        Parameters
        ----------
        axes : matplotlib.axes.Axes, optional
            Where; a new figure when not given.

        Returns
        -------
        matplotlib.axes.Axes
            In pixels, (0, 0) is the centre of the top-left one; a centroid of `table` is drawn at (x, y) as it is.

        Raises
        ------
        ConfigError
            When matplotlib is not installed.
        """
        return draw_axes(self, axes)

    def __repr__(self) -> str:
        """One line: what was found, where, and how many warnings there are; the arrays are not shown."""
        return describe(self)

    def _repr_html_(self) -> str:
        """Show the overlay, the count, what to check, and the sizes, as notebooks do for the last value of a cell."""
        return render_card(self)

    def save(self, folder: str | Path) -> Path:
        """Write labels, overlay and measurements into a folder, as ``hooke segment`` does; rows of others stay.

        Results are named as the image, with a number after it where another image's have that name already.

        Parameters
        ----------
        folder : str or Path

        Returns
        -------
        Path
            The folder.

        Raises
        ------
        OutputError
            When it can't be written to, or another run has it.
        """
        out = Path(folder)
        content = _content(self.image)
        with saving(out, partial(_origin, self.image, content), self.measuring.names, content) as (_, origin, work):
            image = replace(self.image, name=origin.name)
            write_labels(
                work.place(labels_path(out, origin.name)),
                [self.labels],
                pixel_size_um=image.pixel_size_um,
                max_label=self.count,
            )
            if self.cytoplasm is not None:
                rings = work.place(cytoplasm_path(out, origin.name))
                write_labels(rings, [self.cytoplasm], pixel_size_um=image.pixel_size_um, max_label=self.count)
            write_overlay(work, origin.name, replace(self, image=replace(image, plane={})))
            work.tables.append(object_table(self, origin.name))
            work.rows.append(summary_row(self.summary, origin.name, image.path or Path(image.name)))
        return out


def write_overlay(work: Work, name: str, segmentation: Segmentation) -> None:
    """Write the overlay of one image or plane, and the small one that the page of a run shows."""
    write_picture(work, name, segmentation.image.plane, segmentation.overlay())


def write_picture(work: Work, name: str, plane: dict[str, int], picture: NDArray[np.uint8]) -> None:
    """Write a picture of one image or plane as its overlay, and as the small one that the page of a run shows."""
    write_png(work.place(overlay_path(work.out, name, plane)), picture)
    work.place(thumbnail_path(work.out, name, plane)).write_bytes(encode_thumbnail(picture))


def complete_table(
    image: Image,
    labels: NDArray[np.int32],
    scores: NDArray[np.float32],
    classes: Classes | None,
    measuring: MeasureOptions,
    *,
    cytoplasm: NDArray[np.int32] | None = None,
    threads: int = 1,
) -> pd.DataFrame:
    """Measure the objects of an image; see `Segmentation.table`.

    Parameters
    ----------
    image : Image
    labels : ndarray of int32, shape (Y, X)
    scores : ndarray of float32, shape (n,)
        By increasing label.
    classes : Classes or None
    measuring : MeasureOptions
    cytoplasm : ndarray of int32, shape (Y, X), optional
        The ring around each object, under its label.
    threads : int
    """
    table = measure(
        labels,
        image.pixels,
        pixel_size_um=image.pixel_size_um,
        channel_names=known_channels(image),
        scores=scores,
        surroundings=measuring.surroundings,
        texture=measuring.texture,
        threads=threads,
    )
    known = {"doubtful": scores < DOUBTFUL} | ({} if classes is None else classes.columns)
    first, others = table.columns[: table.columns.get_loc(FIRST_OF_MORE)], table.columns
    table = table.assign(**known)[[*first, *known, *others[len(first) :]]]
    if cytoplasm is None:
        return table
    ids = table["label"].to_numpy()
    return pd.concat(
        [table, cytoplasm_table(cytoplasm, ids, image, texture=measuring.texture, threads=threads)], axis=1
    )


def object_table(segmentation: Segmentation, name: str) -> pd.DataFrame:
    """Rows of ``measurements.csv`` of one image or plane."""
    return placed_table(segmentation.table, {"image": name, **segmentation.image.plane})


def placed_table(table: pd.DataFrame, place: dict[str, Any]) -> pd.DataFrame:
    """A table with first columns that say where its objects are: the image, and the position in a stack."""
    table = table.copy(deep=False)
    for position, (name, value) in enumerate(place.items()):
        table.insert(position, name, value)
    return table


@dataclass(frozen=True)
class Summary:
    """What ``summary.csv`` says of a result: see `Segmentation` for the names.

    Parameters
    ----------
    median_area : float or None
        Of the instances, pixels; None where there are none.
    class_counts : dict of str to int, optional
        Instances of each class; None where no class is known.
    """

    image: Image
    model: Model
    normalisation: Normalisation
    count: int
    dropped: int
    median_area: float | None
    diameter: float | None
    scale: float
    min_size: float
    seconds: float
    warnings: tuple[str, ...] = ()
    class_counts: dict[str, int] | None = None


def summary_row(summary: Summary, name: str, path: Path) -> dict[str, Any]:
    """Row of ``summary.csv`` of one image or plane."""
    normalisation, median, counts = summary.normalisation, summary.median_area, summary.class_counts
    return {
        "image": name,
        "file": path_text(path),
        **summary.image.plane,
        "count": summary.count,
        "dropped": summary.dropped,
        "median_area": "" if median is None else median,
        "diameter": "" if summary.diameter is None else round(summary.diameter, 2),
        "scale": round(summary.scale, 4),
        "modality": normalisation.modality,
        "channel": (normalisation.channel or 0) if normalisation.mode == "grey" else normalisation.mode,
        "channel_reason": normalisation.why,
        "low": normalisation.low,
        "high": normalisation.high,
        "min_size": round(summary.min_size, 2),
        **image_facts(summary.image),
        "seconds": round(summary.seconds, 4),
        "model": summary.model.name,
        "warning": join_warnings(summary.warnings),
        "error": "",
        **({} if counts is None else {CLASS_COUNTS: counts}),
    }


def _content(image: Image) -> Content | None:
    """What an image that came from Python holds; None of one from a file."""
    if image.path is not None:
        return None
    pixels = np.ascontiguousarray(image.pixels)
    digest = hashlib.sha256(f"{pixels.dtype} {pixels.shape}".encode())
    digest.update(pixels.data)
    return Content(pixels.nbytes, 0, digest.hexdigest())


def _origin(image: Image, content: Content | None, ledger: Ledger) -> Origin:
    """Name the results as the image is named, unless another image's results have the name."""
    name = plane_name(image.name, image.plane)
    origin = Origin(name, name, image.path, plane_name("", image.plane))
    number = 1
    while (there := ledger.entries.get(origin.name)) is not None and (
        (there.path, there.scene) != origin.key
        or (content is not None and there.sha256 not in ("", content.sha256))  # of earlier versions nothing is known
    ):
        number += 1
        named = ledger.names([image.path])[0] if image.path is not None and number == 2 else f"{name}_{number}"
        origin = replace(origin, name=named, base=named)
    return origin
