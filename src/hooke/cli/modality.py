"""`hooke modality` finds the modality of images and draws a map of all."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from hooke.classify import ModalityResult
    from hooke.io import Progress

_LISTED = 10


def modality(
    images: Annotated[list[str], typer.Argument(help="Files, folders (with their subfolders) and patterns.")],
    out: Annotated[Path, typer.Option("-o", "--out", help="Folder for the results.")],
    clusters: Annotated[
        int,
        typer.Option(
            min=1, help="Clusters to make, joined by modality. If there are fewer images, a classifier decides."
        ),
    ] = 8,
    seed: Annotated[int, typer.Option(help="Seed of the clusters' starting centres.")] = 0,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print errors only.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the table as JSON.")] = False,
) -> int:
    """Sort images into fluorescence, histology and brightfield, by colour and intensity.

    Clusters are found by K-means and named by their background and colour;
    the table also has the shipped classifier's result for each image.
    Writes modality.csv, one row per image, and embedding.png, a map of the images.

    [bold]Example[/]

      hooke modality images/ -o sorted/
    """
    from rich.console import Console
    from rich.progress import Progress as Bar

    from hooke.classify import sort_by_modality

    console = Console(stderr=True)
    with Bar(console=console, transient=True, disable=quiet or as_json) as bar:
        task = bar.add_task("reading images", total=None)

        def show(progress: Progress[object]) -> None:
            bar.update(task, total=progress.total, completed=progress.done)
            if progress.error:
                console.print(f"failed: {progress.error}", style="red", markup=False, highlight=False, soft_wrap=True)

        result = sort_by_modality(images, out, clusters=clusters, seed=seed, progress=show)
    if as_json:
        _print_json(result)
    elif not quiet:
        _print_summary(result)
    if result.good.empty:
        return 2
    return 0 if result.failed.empty else 1


def _print_summary(result: ModalityResult) -> None:
    for name, count in sorted(result.counts.items()):
        typer.echo(f"{name:14}{count:6}")
    for said in result.notes:
        typer.echo(said)
    if not result.clustered:
        typer.echo("fewer images than clusters: the shipped classifier decided")
    for row in result.disputed.head(_LISTED).to_dict("records"):
        typer.echo(f"in doubt: {row['image']}: {row['classifier']} by the classifier ({row['probability']:.2f})")
    if len(result.disputed) > _LISTED:
        typer.echo(f"... and {len(result.disputed) - _LISTED} more in doubt")
    inverted = int((result.good["inverted"] == True).sum())  # noqa: E712 - a column of objects
    if inverted:
        typer.echo(f"{inverted} image(s) look like inverted fluorescence")
    typer.echo(f"table: {result.out / 'modality.csv'}; map: {result.out / 'embedding.png'}")


def _print_json(result: ModalityResult) -> None:
    import json

    rows = json.loads(result.table.to_json(orient="records"))
    typer.echo(json.dumps({"out": str(result.out), "clustered": result.clustered, "images": rows}))
