"""Lists the formats in which label images are written, by the names that options take."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from hooke.errors import ConfigError
from hooke.io.annotations.annotated_plane import AnnotatedPlane
from hooke.io.annotations.cellpose import SUFFIX as CELLPOSE
from hooke.io.annotations.cellpose import write_seg
from hooke.io.annotations.coco_writer import write_coco
from hooke.io.annotations.dsb_csv import write_run_lengths
from hooke.io.annotations.geojson import write_geojson
from hooke.io.annotations.imagej_writer import write_regions
from hooke.io.annotations.object_masks import write_masks
from hooke.io.annotations.object_tables import write_cellprofiler, write_h5ad
from hooke.io.annotations.ome_zarr_writer import SUFFIX as ZARR
from hooke.io.annotations.ome_zarr_writer import stream_ome_zarr, write_ome_zarr
from hooke.io.annotations.parquet_tables import write_parquet_of_csv, write_table_of_planes
from hooke.io.labels import write_labels
from hooke.io.lazy_plane import LazyPlane


@dataclass(frozen=True)
class Writer:
    """How one format is written.

    Parameters
    ----------
    suffix : str
        What the name of its files ends in.
    what : str
        What it is for, in a few words.
    write : callable
        Given the path and the planes that it is to hold.
    joins : bool
        Whether one file holds many planes; others hold one.
    measures : bool
        Whether it holds measurements.
    is_table : bool
        Whether it holds them alone, no outlines.
    of_table : callable, optional
        Writes it from ``measurements.csv`` of a run, row by row.
    stream : callable, optional
        Writes a label image of any size, window by window, given the path, the labels and the image's file.
    """

    suffix: str
    what: str
    write: Callable[[Path, Iterable[AnnotatedPlane]], None]
    joins: bool = False
    measures: bool = False
    is_table: bool = False
    of_table: Callable[[Path, Path], None] | None = None
    stream: Callable[[Path, LazyPlane, str], None] | None = None


def _single(write: Callable[[Path, AnnotatedPlane], None]) -> Callable[[Path, Iterable[AnnotatedPlane]], None]:
    """Take the one plane that a file holds."""

    def write_only(path: Path, planes: Iterable[AnnotatedPlane]) -> None:
        (plane,) = planes
        write(path, plane)

    return write_only


def _write_tif(path: Path, plane: AnnotatedPlane) -> None:
    """Write a label image as `hooke segment` does."""
    write_labels(path, [plane.labels], pixel_size_um=plane.pixel_size_um)


#: Formats by name.
WRITERS = {
    "labels": Writer(".tif", "label image: hooke, StarDist, Cellpose, napari, Fiji", _single(_write_tif)),
    "geojson": Writer(".geojson", "QuPath", _single(write_geojson), measures=True),
    "rois": Writer(".zip", "ImageJ and Fiji, ROI Manager", _single(write_regions)),
    "coco": Writer(".json", "COCO's json", write_coco, joins=True),
    "masks": Writer(".zip", "a zip of one mask per object", _single(write_masks)),
    "cellpose": Writer(CELLPOSE, "Cellpose's window", _single(write_seg)),
    "rle": Writer(".csv", "run lengths, as in the Data Science Bowl 2018", write_run_lengths, joins=True),
    "ome-zarr": Writer(
        ZARR, "OME-Zarr labels: napari, Fiji", _single(write_ome_zarr), measures=True, stream=stream_ome_zarr
    ),
    "h5ad": Writer(".h5ad", "AnnData: scanpy, squidpy", write_h5ad, joins=True, measures=True, is_table=True),
    "cellprofiler": Writer(
        "_objects.csv", "CellProfiler's table", write_cellprofiler, joins=True, measures=True, is_table=True
    ),
    "parquet": Writer(
        ".parquet",
        "a table that is read fast: pandas, polars, R, DuckDB",
        write_table_of_planes,
        joins=True,
        measures=True,
        is_table=True,
        of_table=write_parquet_of_csv,
    ),
}


def parse_formats(names: str | Sequence[str]) -> tuple[str, ...]:
    """Check names of formats.

    Parameters
    ----------
    names : str or sequence of str
        Names with commas between them, or a list of them.

    Returns
    -------
    tuple of str
        Each once, in the order of `WRITERS`.

    Raises
    ------
    ConfigError
        If one is unknown.

    Examples
    --------
    >>> parse_formats("rois, geojson")
    ('geojson', 'rois')
    """
    given = names.split(",") if isinstance(names, str) else list(names)
    wanted = {name.strip().lower() for name in given if name.strip()}
    if unknown := sorted(wanted - set(WRITERS)):
        raise ConfigError(f"no format {unknown[0]!r}", remedy=f"choose from: {', '.join(WRITERS)}")
    return tuple(name for name in WRITERS if name in wanted)
