"""`hooke convert` writes label images and annotations in the format of another program."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

OK, SOME_FAILED = 0, 1
_LISTED = 10


def convert(
    labels: Annotated[
        Path,
        typer.Argument(help="Label images, a data set, results of hooke segment, or annotations of another format."),
    ],
    out: Annotated[Path, typer.Argument(help="File to write; a folder for a file per image.")],
    to: Annotated[
        str | None,
        typer.Option(
            help="Format: labels, geojson, rois, coco, masks, cellpose, rle, ome-zarr, h5ad, cellprofiler or parquet. "
            "Default: by the ending of OUT."
        ),
    ] = None,
    images: Annotated[
        Path | None,
        typer.Option(help="The image, or a folder of images of the same names: for its size, and to measure it."),
    ] = None,
    nuclei: Annotated[
        Path | None, typer.Option(help="Label images of the nuclei of cells, with the same ids, for QuPath.")
    ] = None,
    object_type: Annotated[str, typer.Option(help="In QuPath: detection, annotation or cell.")] = "detection",
    outline: Annotated[
        str, typer.Option(help="Of QuPath's cells, which outline is read: that of the object or of its nucleus.")
    ] = "object",
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print errors only.")] = False,
) -> int:
    """Convert label images to QuPath, Fiji, COCO and others, and back.

    [bold]Examples[/]

    hooke convert results/ qupath/ --to geojson --images images/

    hooke convert cells.tif cells.zip --to rois

    hooke convert regions.zip labels.tif --images cells.png
    """
    from hooke.conversion import convert as convert_labels

    chosen: Any = object_type  # checked there
    made = convert_labels(labels, out, to=to, images=images, nuclei=nuclei, object_type=chosen, outline=outline)
    if not quiet:
        objects, count = sum(made.objects.values()), len(made.objects)
        written = made.paths[0] if len(made.paths) == 1 else out
        typer.echo(f"{objects} objects of {count} image(s) as {made.format}: {written}")
        for name, note in list(made.notes.items())[:_LISTED]:
            typer.secho(f"{name}: {note}", fg="yellow", err=True)
    for problem in made.failed.values():
        typer.secho(f"hooke: {problem}", fg="red", err=True)
    return SOME_FAILED if made.failed else OK
