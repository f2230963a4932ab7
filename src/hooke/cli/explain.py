"""`hooke explain` shows which pixels of an image a network's predictions are based on."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hooke.cli.train import training_half


def explain(
    run: Annotated[Path, typer.Argument(help="Folder of a run made by [bold]hooke train[/], or a checkpoint of it.")],
    image: Annotated[Path, typer.Argument(help="Image to explain.")],
    out: Annotated[Path, typer.Option("--out", "-o", metavar="FOLDER", help="Folder for explain.html and pictures.")],
    method: Annotated[
        list[str] | None,
        typer.Option("--method", "-m", help="grad-cam, grad-cam++ or hires-cam; repeatable. Default: all."),
    ] = None,
    count: Annotated[int, typer.Option("--count", "-n", min=1, help="Objects to explain, highest score first.")] = 6,
    diameter: Annotated[
        float | None, typer.Option(min=1, help="Typical diameter of the objects, pixels; measured if not given.")
    ] = None,
    labels: Annotated[
        Path | None, typer.Option(help="Label image of the objects, for a classifier of objects.")
    ] = None,
    stride: Annotated[
        int | None,
        typer.Option(min=1, help="Features this many times smaller than the image. Default for objects: 8."),
    ] = None,
) -> int:
    r"""Show which pixels a trained network's predictions are based on.

    For each object: which pixels made the network predict an object there,
    and which its class, if it predicts classes; the same for the class of an image.
    Every map is compared with that of the same network with random weights.

    Needs the training extra: [bold]pip install '.\[train]'[/] in a copy of hooke's repository.

    [bold]Examples[/]

    hooke explain runs/nuclei image.tif -o explained/

    hooke explain runs/dkfz-classifier image.png --labels labels.png -o explained/

    hooke explain runs/nuclei image.tif -o explained/ -m hires-cam --stride 4
    """
    from hooke.io import read_image, read_labels

    with training_half():
        from hooke.training.explain import METHODS, explain_run, write_explanations

        pixels = read_image(image)
        found = explain_run(
            run,
            pixels,
            methods=method or tuple(METHODS),
            count=count,
            diameter=diameter,
            stride=stride,
            labels=None if labels is None else read_labels(labels),
        )
        page = write_explanations(found, out, f"{image.name}: which pixels {run.name} uses")
    typer.echo(f"{len(found)} predictions explained: {page}" if found else f"nothing found to explain: {page}")
    return 0
