"""`hooke track` follows objects from frame to frame, and writes tracks, lineage and label images whose ids persist."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hooke.cli.completion import model_names
from hooke.cli.given import refuse_ignored
from hooke.errors import ConfigError

if TYPE_CHECKING:
    from hooke.io.file_runner import Progress
    from hooke.pipeline import FolderResult
    from hooke.tracking import TrackedFolder, TrackedSequence

OK, SOME_FAILED = 0, 1


def track(
    context: typer.Context,
    labels: Annotated[
        list[str],
        typer.Argument(
            help="Results of [bold]hooke segment[/], or label images or images in the order of time: files, folders "
            "and patterns. Images are segmented first."
        ),
    ],
    out: Annotated[Path, typer.Option("-o", "--out", help="Folder for the results.")],
    model: Annotated[
        str,
        typer.Option(
            help="Of images that are segmented first: name of a model, or path of a bundle.", autocompletion=model_names
        ),
    ] = "auto",
    images: Annotated[
        list[str] | None,
        typer.Option(help="The images, in the same order; repeatable. Those of results are found by themselves."),
    ] = None,
    max_distance: Annotated[
        float | None,
        typer.Option(help="Pixels that an object moves from frame to frame at most. Default: found from the data."),
    ] = None,
    max_gap: Annotated[int, typer.Option(help="Frames that an object may be missing in.")] = 2,
    divisions: Annotated[bool, typer.Option(help="Whether objects may divide.")] = True,
    merging: Annotated[bool, typer.Option(help="Whether two objects may become one for good.")] = False,
    drift: Annotated[
        bool, typer.Option(help="Whether the movement of the whole field is taken out before linking.")
    ] = True,
    repair: Annotated[
        bool, typer.Option(help="Whether objects found as one for a moment, or in two pieces, are corrected.")
    ] = True,
    fill_gaps: Annotated[
        bool, typer.Option("--fill-gaps", help="Draw an object into the frames that it is missing in.")
    ] = False,
    min_length: Annotated[int, typer.Option(help="Leave out tracks of fewer frames without relatives.")] = 1,
    movie: Annotated[bool, typer.Option(help="Draw a movie with outlines, tails and numbers.")] = True,
    axes: Annotated[str | None, typer.Option(help="Axes of files that do not state them, such as TYX.")] = None,
    pixel_size_um: Annotated[
        float | None, typer.Option(help="Micrometres of a pixel. Default: as the files state.")
    ] = None,
    z_step_um: Annotated[
        float | None, typer.Option(help="Micrometres between planes, where frames are stacks. Default: as files state.")
    ] = None,
    time_step_s: Annotated[
        float | None, typer.Option(help="Seconds between frames. Default: as the files state.")
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print errors only.")] = False,
) -> int:
    """Follow objects through time: ids that persist, lineage, displacement and speed.

    How far objects move, how large they are, and whether the field drifts is found from the data.

    [bold]Examples[/]

      hooke track results/ -o tracks/

      hooke track "labels/t*.tif" -o tracks/ --images "images/t*.tif" --fill-gaps

      hooke track stack.tif -o tracks/ --axes TYX --time-step-s 300 --pixel-size-um 0.65

      hooke track movie.tif -o tracks/ --model nuclei
    """
    from hooke.cli.progress_bar import progress_bar
    from hooke.tracking import TrackOptions, holds_images, track_folder

    lost = 0
    if stack := holds_images(labels, axes):
        if images is not None:
            raise ConfigError("--images goes with label images, and the first file is an image", remedy="leave it out")
        segmented = _segment(labels, out / "segmented", model, stack, axes, quiet=quiet)
        labels, axes, lost = [str(segmented.out)], None, len(segmented.failed)
    else:
        refuse_ignored(context, ["model"], "goes with images, and these are label images")
    options = TrackOptions(
        max_distance=max_distance,
        max_gap=max_gap,
        divisions=divisions,
        merging=merging,
        drift=drift,
        repair=repair,
        fill_gaps=fill_gaps,
        min_length=min_length,
    )
    with progress_bar("tracking", hidden=quiet) as show:

        def progress(now: Progress[TrackedSequence]) -> None:
            show(round(1000 * (now.done + now.share)), 1000 * now.total)

        result = track_folder(
            labels,
            out,
            options,
            images=images,
            axes=axes,
            pixel_size_um=pixel_size_um,
            z_step_um=z_step_um,
            time_step_s=time_step_s,
            movie=movie,
            progress=progress,
        )
    if not quiet:
        _print_summary(result)
    for sequence in result.failed:
        typer.secho(f"hooke: {sequence.error}", fg="red", err=True)
    return SOME_FAILED if result.failed or lost else OK


def _segment(labels: list[str], out: Path, model: str, stack: str, axes: str | None, *, quiet: bool) -> FolderResult:
    """Segment images before they are tracked, stacks in depth to objects in 3-D; print what `hooke segment` would."""
    from hooke.cli.progress_bar import progress_bar
    from hooke.cli.run_summary import print_run
    from hooke.pipeline import SegmentOptions, segment_folder

    options = SegmentOptions(model=model, stitch="z" if "Z" in stack else None)
    with progress_bar("segmenting", hidden=quiet) as show:
        result = segment_folder(
            labels,
            out,
            options,
            axes=axes,
            page=False,
            progress=lambda now: show(round(1000 * (now.done + now.share)), 1000 * now.total),
        )
    for image in result.failed:
        typer.secho(f"hooke: {image.error}", fg="red", err=True)
    if not quiet:
        print_run(result)
    return result


def _print_summary(result: TrackedFolder) -> None:
    for sequence in result.sequences:
        if sequence.error:
            continue
        corrected = f", {sequence.repaired} objects corrected" if sequence.repaired else ""
        typer.echo(
            f"{sequence.name}: {sequence.tracks} tracks in {sequence.frames} frame(s), "
            f"{sequence.divisions} division(s){corrected}; results in {sequence.folder}"
        )
        for note in sequence.notes:
            typer.secho(f"{sequence.name}: {note}", fg="yellow", err=True)
