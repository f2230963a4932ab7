"""Prints what a run of segmentation found, and what it warns of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer

from hooke.errors import readable

if TYPE_CHECKING:
    from hooke.pipeline import FolderResult
    from hooke.pipeline.result_files import ImageResult

_LISTED = 10


def print_run(result: FolderResult) -> None:
    """Print how many objects were found in how many images, notes, and the first warnings."""
    good = [image for image in result.images if not image.error]
    reused = sum(image.reused for image in good)
    warned = [row for image in good for row in image.rows if row["warning"]]
    objects = sum(image.count for image in good)
    note = f" ({reused} done before)" if reused else ""
    typer.echo(f"{objects} objects in {len(good)} image(s){note}; results in {readable(str(result.out))}")
    stacks = [image for image in good if len(image.rows) > 1]
    _print_depth(good)
    stacks = [image for image in stacks if "objects_3d" not in image.rows[0]]
    if stacks:
        planes = sum(len(image.rows) for image in stacks)
        where = "" if len(stacks) == len(good) == 1 else f" of {len(stacks)} stack(s)"
        typer.echo(f"counted in each of {planes} planes{where}: an object that several planes show counts in each")
    if (page := result.out / "results.html").is_file():
        typer.echo(f"to look through them, open {readable(str(page))} in a browser")
    for said in result.notes:
        typer.secho(said, fg="yellow")
    for row in warned[:_LISTED]:
        typer.secho(f"warning: {_place(row)}: {row['warning']}", fg="yellow")
    if len(warned) > _LISTED:
        typer.secho(f"... and {len(warned) - _LISTED} more warnings in summary.csv", fg="yellow")
    if result.failed:
        typer.secho(f"{len(result.failed)} image(s) failed: see summary.csv", fg="red")


def _print_depth(images: list[ImageResult]) -> None:
    """Say how many objects there are in depth."""
    rows = [row for image in images for row in image.rows if "objects_3d" in row]
    if rows:
        # The same number in all planes of a time, or a position.
        counts = {
            (row["image"], *(at for axis, at in row.items() if len(axis) == 1 and axis != "z")): row["objects_3d"]
            for row in rows
        }
        typer.echo(f"joined to {sum(counts.values())} objects in 3-D: measurements_3d.csv")


def _place(row: dict[str, Any]) -> str:
    """Name an image, or one plane of a stack: ``A01 t0 z3``."""
    return " ".join([row["image"], *(f"{axis}{index}" for axis, index in row.items() if len(axis) == 1)])
