"""`hooke measure` measures objects that are outlined already."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hooke.cli.progress_bar import progress_bar

if TYPE_CHECKING:
    from hooke.io import Progress

_LISTED = 10

PixelSize = Annotated[
    str | None,
    typer.Option(
        help="Size of a pixel in micrometres, such as 0.325 or 0.5x0.4 (height x width). Default: the file's."
    ),
]
Surroundings = Annotated[
    float, typer.Option(help="Distance in pixels up to which background and neighbours are measured.")
]
Expand = Annotated[
    float | None, typer.Option(help="Measure a ring of this many pixels around each object, too, as its cytoplasm.")
]
Texture = Annotated[bool, typer.Option("--texture", help="Measure texture, too: slower.")]
Names = Annotated[str, typer.Option(help="Names of the table's columns: hooke or cellprofiler.")]
Ids = Annotated[bool, typer.Option("--ids", help="Write the number of each object on the overlays.")]
ChannelsFrom = Annotated[
    str | None,
    typer.Option(
        help="Join files of one channel each: the part of their names that says the channel, with {} for it, such as "
        "_w{}. Default: names of microscopes and stains (_w1, _ch00, _DAPI) where all files have them; auto joins "
        "these among other files, none leaves all apart."
    ),
]
Write = Annotated[
    str, typer.Option(help="Write the objects for other programs, too: geojson, rois, coco ... (hooke convert --help).")
]


def measure(
    images: Annotated[list[str], typer.Argument(help="Files, folders (with their subfolders) and patterns.")],
    labels: Annotated[
        Path, typer.Option(help="Label images, results of hooke segment, or annotations of another program.")
    ],
    out: Annotated[Path, typer.Option("-o", "--out", help="Folder for the results.")],
    parents: Annotated[
        Path | None,
        typer.Option(
            help="Labels of what holds the objects, such as cells that hold nuclei: says in which each object is."
        ),
    ] = None,
    most_covered: Annotated[
        float,
        typer.Option(
            help="Leave out parents of which the objects cover a larger share, 0 to 1: they are objects themselves, "
            "such as large micronuclei that were outlined as nuclei, too."
        ),
    ] = 1.0,
    pixel_size: PixelSize = None,
    surroundings: Surroundings = 6.0,
    expand: Expand = None,
    texture: Texture = False,
    names: Names = "hooke",
    ids: Ids = False,
    axes: Annotated[str | None, typer.Option(help="Axes of files that do not state them, such as TZYX.")] = None,
    channels_from: ChannelsFrom = None,
    write: Write = "",
    threads: Annotated[int, typer.Option(help="Threads; 0 takes all cores.")] = 0,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print errors only.")] = False,
) -> int:
    """Measure objects that are outlined already, in every channel of their images.

    [bold]Examples[/]

      hooke measure images/ --labels results/ -o measured/ --expand 6 --texture

      hooke measure images/ --labels qupath/ -o measured/ --names cellprofiler --pixel-size 0.325

      hooke measure images/ --labels nuclei/ --parents cells/ -o measured/
    """
    from hooke.pipeline import MeasureOptions, measure_folder

    options = MeasureOptions(
        pixel_size=pixel_size, surroundings=surroundings, expand=expand, texture=texture, names=names
    )
    with progress_bar("measuring", hidden=quiet) as bar:

        def show(progress: Progress[object]) -> None:
            bar(progress.done, progress.total)
            if progress.error:
                typer.secho(f"failed: {progress.error}", fg="red", err=True)

        measured = measure_folder(
            images,
            labels,
            out,
            options,
            parents=parents,
            most_covered=most_covered,
            axes=axes,
            channels_from=channels_from,
            ids=ids,
            write=write,
            threads=threads,
            progress=show,
        )
    failed, done = measured.failed, len(measured.summary)
    if not quiet:
        typer.echo(f"{len(measured.table)} objects in {done - failed} image(s); results in {measured.out}")
        for note in measured.notes:
            typer.secho(note, fg="yellow")
        warned = measured.summary[measured.summary["warning"] != ""]
        for row in warned.head(_LISTED).itertuples():
            typer.secho(f"warning: {row.image}: {row.warning}", fg="yellow")
    if failed == done:
        return 2
    return 1 if failed else 0
