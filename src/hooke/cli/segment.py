"""`hooke segment` writes labels, overlays and tables of files, folders and patterns."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hooke.cli.completion import model_names, runtime_names
from hooke.cli.given import is_given, refuse_ignored
from hooke.cli.measure import ChannelsFrom, Expand, Ids, Names, PixelSize, Surroundings, Texture, Write
from hooke.cli.run_summary import print_run
from hooke.errors import ConfigError

if TYPE_CHECKING:
    from hooke.classify import Classifier
    from hooke.io.file_runner import OnProgress, Progress
    from hooke.pipeline import FolderResult
    from hooke.pipeline.record import Replay
    from hooke.pipeline.result_files import ImageResult

    _Work = Callable[[OnProgress[ImageResult]], FolderResult]

_WITH_REPLAY = (
    "replay",
    "images",
    "out",
    "write",
    "threads",
    "max_memory",
    "block",
    "overlays",
    "overwrite",
    "layout",
    "wells",
    "page",
    "track",
    "shard",
    "scheduler",
    "workers",
    "quiet",
    "as_json",
)


def segment(
    context: typer.Context,
    images: Annotated[
        list[str] | None, typer.Argument(help="Files, folders (with their subfolders), patterns, and URLs of images.")
    ] = None,
    out: Annotated[Path | None, typer.Option("-o", "--out", help="Folder for the results.")] = None,
    model: Annotated[
        str,
        typer.Option(
            help="Name of a model, or path of a bundle; auto: nuclei, or cells in phase contrast.",
            autocompletion=model_names,
        ),
    ] = "auto",
    channel: Annotated[
        str | None,
        typer.Option(
            help="Number (0 is the first) or name of the channel that shows the objects. Default: chosen by content."
        ),
    ] = None,
    diameter: Annotated[
        str, typer.Option(help="Typical diameter in pixels, or in micrometres such as 8um, or auto.")
    ] = "auto",
    min_size: Annotated[
        float | None,
        typer.Option(
            help="Drop objects of fewer pixels. Default: 7 to 8 % of the typical object's area, 22 % of that of whole "
            "cells, at least 12."
        ),
    ] = None,
    min_score: Annotated[
        float | None, typer.Option(help="Drop objects that score below this, 0 to 1. Default: the model's own choice.")
    ] = None,
    grow: Annotated[
        float | None,
        typer.Option(
            help="Move outlines outwards by pixels, fractions too; inwards below 0. Default: the model's own choice."
        ),
    ] = None,
    tta: Annotated[
        bool,
        typer.Option(
            "--tta", help="Average the predictions of four mirror images: 4 times slower, may help histology."
        ),
    ] = False,
    classify: Annotated[str | None, typer.Option(help="Bundle of a classifier for the objects found.")] = None,
    class_threshold: Annotated[
        float, typer.Option(help="An object whose class is less probable is unknown, 0 to 1.")
    ] = 0.0,
    threads: Annotated[int, typer.Option(help="Threads; 0 takes all cores.")] = 0,
    runtime: Annotated[
        str,
        typer.Option(
            help="What runs the network; auto takes the fastest. [bold]hooke info[/] lists them.",
            autocompletion=runtime_names,
        ),
    ] = "auto",
    accurate: Annotated[
        bool, typer.Option("--accurate", help="Compute all in 32 bits, at the best magnification: slower.")
    ] = False,
    pixel_size: PixelSize = None,
    surroundings: Surroundings = 6.0,
    expand: Expand = None,
    texture: Texture = False,
    names: Names = "hooke",
    ids: Ids = False,
    channels_from: ChannelsFrom = None,
    write: Write = "",
    axes: Annotated[str | None, typer.Option(help="Axes of files that do not state them, such as TZYX.")] = None,
    max_memory: Annotated[
        str | None,
        typer.Option(
            help="Memory to use at most, such as 8G; larger images are done in blocks. Default: 3/4 of what is free."
        ),
    ] = None,
    scene: Annotated[str | None, typer.Option(help="Which image of files that hold several. Default: all.")] = None,
    level: Annotated[int, typer.Option(help="Which resolution of a pyramid; 0 is the finest.")] = 0,
    region: Annotated[
        str | None,
        typer.Option(help="Only these pixels: top, left, height and width, such as 0,4000,512,512.", metavar="Y,X,H,W"),
    ] = None,
    stitch: Annotated[
        str | None,
        typer.Option(
            help="Join the objects of a stack's planes to objects in 3-D: z; z,t follows these through time, too.",
            metavar="z|z,t",
        ),
    ] = None,
    z_step: Annotated[
        float | None, typer.Option(help="Micrometres between the planes of a stack. Default: as the file states.")
    ] = None,
    block: Annotated[
        int | None, typer.Option(help="Work in blocks of this side, a multiple of 512. Default: 2048 for large images.")
    ] = None,
    overlays: Annotated[bool, typer.Option(help="Write pictures with outlines.")] = True,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Segment again what is done already.")] = False,
    layout: Annotated[
        Path | None, typer.Option(help="The images are of a plate; this csv has the condition of each well.")
    ] = None,
    wells: Annotated[
        str | None,
        typer.Option(help="How file names hold the well, such as {plate}_{well}_{site}_*. Default: as microscopes do."),
    ] = None,
    track: Annotated[
        bool,
        typer.Option("--track", help="Follow the objects through time, too, into OUT/tracks; hooke track has options."),
    ] = False,
    scheduler: Annotated[
        str | None,
        typer.Option(help="Let the workers of this Dask scheduler do the work: its address, or scheduler file."),
    ] = None,
    workers: Annotated[
        int | None, typer.Option(help="Let this number of processes do the work, with a page that shows it (Dask).")
    ] = None,
    shard: Annotated[
        str | None,
        typer.Option(
            help="Do one part of the images, such as 2/8; [bold]hooke merge OUT[/] puts them together.", metavar="I/N"
        ),
    ] = None,
    page: Annotated[bool, typer.Option(help="Write results.html: pictures, what is unusual, distributions.")] = True,
    replay: Annotated[
        Path | None, typer.Option(help="Repeat the run that this run.json records.", metavar="RUN.JSON")
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print errors only.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the summary as JSON.")] = False,
) -> int:
    """Find and outline every nucleus, measure it, and write it all to a folder.

    [bold]Examples[/]

      hooke segment images/ -o results/

      hooke segment plate1/ plate2/ -o results/ --diameter 8um --channels-from _w{} --expand 6

      hooke segment images/ -o results/ --write geojson,rois

      hooke segment --replay results/run.json -o again/
    """
    from hooke.pipeline import SegmentOptions, segment_folder

    inputs: list[str | Path] = list(images or [])
    if replay is not None:
        recorded = _read_replay(context, replay, images, out, plate=layout is None and wells is None)
        inputs, options = list(recorded.inputs), recorded.options
        axes, channels_from = recorded.axes, recorded.channels_from
        layout, wells = layout or recorded.layout, wells or recorded.wells
    else:
        options = SegmentOptions(
            model=model,
            channel=channel,
            diameter=diameter,
            min_size=min_size,
            min_score=min_score,
            grow=grow,
            tta=tta,
            threads=threads,
            classify=None if classify is None else _load_classifier(classify),
            class_threshold=class_threshold,
            runtime=runtime,
            accurate=accurate,
            pixel_size=pixel_size,
            surroundings=surroundings,
            expand=expand,
            texture=texture,
            names=names,
            ids=ids,
            scene=scene,
            level=level,
            region=region,
            stitch=stitch,
            z_step=z_step,
        )
    folder = _check_given(inputs, out)
    result = _with_progress(
        lambda show: segment_folder(
            inputs,
            folder,
            options,
            axes=axes,
            channels_from=channels_from,
            write=write,
            max_memory=max_memory,
            overwrite=overwrite,
            layout=layout,
            wells=wells,
            page=page,
            block=block,
            overlays=overlays,
            track=track,
            shard=shard,
            scheduler=scheduler,
            workers=workers,
            command=["hooke", *sys.argv[1:]],
            progress=show,
        ),
        hidden=quiet or as_json,
    )
    return _finish(result, quiet=quiet, as_json=as_json)


def _check_given(inputs: list[str | Path], out: Path | None) -> Path:
    """Refuse a run without images, or without a folder for the results; give the folder."""
    if not inputs:
        raise ConfigError("no images given", remedy="name files, folders or patterns: hooke segment images/ -o OUT")
    if out is None:
        raise ConfigError("no folder for the results", remedy="add -o FOLDER")
    return out


def _finish(result: FolderResult, *, quiet: bool, as_json: bool) -> int:
    """Print what was found; give the exit status."""
    if as_json:
        _print_json(result)
    elif not quiet:
        print_run(result)
    if result.failed and len(result.failed) == len(result.images):
        return 2
    return 1 if result.failed or result.untracked else 0


def _load_classifier(name_or_path: str) -> Classifier:
    from hooke.classify import load_classifier

    return load_classifier(name_or_path)


def _read_replay(
    context: typer.Context, path: Path, images: list[str] | None, out: Path | None, *, plate: bool
) -> Replay:
    """Read what a run was given; refuse what a replay would ignore, and to overwrite what it repeats."""
    from hooke.pipeline.record import read_replay

    if images:
        raise ConfigError("--replay takes its images from the record", remedy="leave the images out")
    others = [name for name in context.params if name not in _WITH_REPLAY]
    refuse_ignored(context, others, "has no effect with --replay, which takes its options from the record")
    if out is None:
        raise ConfigError(
            "no folder for the results: a replay overwrites nothing", remedy="add -o FOLDER, then compare the two"
        )
    recorded = read_replay(path, _load_classifier, plate=plate)
    if not is_given(context, "threads"):
        return recorded
    options = dataclasses.replace(recorded.options, threads=context.params["threads"])
    return dataclasses.replace(recorded, options=options)


def _with_progress(work: _Work, hidden: bool) -> FolderResult:
    """Run the work, in a terminal behind a bar with the time left; failures are printed above it as they come."""
    if hidden or not sys.stderr.isatty():  # rich, which would show no bar either, takes 60 ms to import
        return work(lambda progress: _print_news(progress, partial(typer.secho, err=True), quiet=hidden))
    from rich import progress as bars
    from rich.console import Console

    console = Console(stderr=True)
    columns = (
        bars.TextColumn("segmenting"),
        bars.BarColumn(),
        bars.MofNCompleteColumn(),
        bars.TimeRemainingColumn(),
        bars.TextColumn("{task.description}"),
    )
    with bars.Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("", total=None)

        def above_bar(text: str, fg: str | None = None) -> None:
            console.print(text, style=fg, markup=False, highlight=False, soft_wrap=True)

        def show(progress: Progress[ImageResult]) -> None:
            _print_news(progress, above_bar, quiet=False)
            image = progress.result
            description = progress.amount or (None if image is None else f"{image.name}: {image.count}")
            bar.update(task, total=progress.total, completed=progress.done + progress.share, description=description)

        return work(show)


def _print_news(progress: Progress[ImageResult], echo: Callable[..., None], *, quiet: bool) -> None:
    """Print what happened to an image, failures in any case."""
    if progress.note and not quiet:
        echo(progress.note)
    if progress.error:
        echo(f"failed: {progress.error}", fg="red")


def _print_json(result: FolderResult) -> None:
    import json

    rows = [row for image in result.images for row in image.rows]
    typer.echo(
        json.dumps({"out": str(result.out), "failed": len(result.failed), "notes": result.notes, "images": rows})
    )
