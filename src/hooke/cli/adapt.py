"""`hooke adapt` lets a model learn from corrected images."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hooke.cli.corrected import Corrected, Images, Split, SplitComponents, Unknown
from hooke.cli.train import training_half


def adapt(
    corrected: Corrected,
    out: Annotated[Path, typer.Option("--out", "-o", metavar="MODEL", help="Folder to write the new model to.")],
    parent: Annotated[
        str,
        typer.Option(
            "--from",
            metavar="MODEL",
            help="Model to start from: a name, a bundle's path, or auto: nuclei, or cells for phase contrast.",
        ),
    ] = "auto",
    images: Images = None,
    split: Split = None,
    unknown: Unknown = None,
    split_components: SplitComponents = None,
    keep: Annotated[
        Path | None,
        typer.Option(
            metavar="DATASET",
            help="A hooke data set that the model is to remain good at. Default: simulated images stand for it.",
        ),
    ] = None,
    keep_share: Annotated[
        float | None, typer.Option(help="Share of the training that goes to what is kept, 0 to 1.")
    ] = None,
    steps: Annotated[int | None, typer.Option(help="Training steps at most.")] = None,
    report: Annotated[
        Path | None, typer.Option(metavar="PAGE.html", help="Where to write the report. Default: beside the model.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Of all that is drawn by chance.")] = 0,
) -> int:
    r"""Let a model learn from a few images that you have corrected.

    It begins with the weights of a finished model, and takes minutes. What is not known is left out: give the
    corrected regions in a file regions.json, or an unknown label. Ctrl-C keeps the best so far. A report compares
    before and after on parts that were held out.

    Needs the training extra: [bold]pip install '.\[train]'[/] in a copy of hooke's repository.

    [bold]Examples[/]

    hooke adapt corrected/ -o my-nuclei

    hooke adapt results/ -o my-nuclei --keep data/dsb2018

    hooke segment images/ -o better/ --model my-nuclei
    """
    with training_half():
        from hooke.training import adapt as adapt_model

        typer.echo(f"{corrected}: loading PyTorch")
        done = adapt_model(
            corrected,
            out,
            parent=parent,
            images=images,
            split=split,
            unknown=int(unknown) if unknown is not None and unknown.isdecimal() else unknown,
            split_components=split_components,
            keep=keep,
            keep_share=keep_share,
            steps=steps,
            report=report,
            seed=seed,
            say=typer.echo,
        )
    return say_adapted(done.lines(), done.notes, done.warnings, done.failed)


def say_adapted(lines: list[str], notes: list[str], warnings: list[str], failed: dict[str, str]) -> int:
    """Print what came of it; the status says whether an image could not be used."""
    for line in [*notes, *lines]:
        typer.echo(line)
    for line in warnings:
        typer.secho(f"warning: {line}", fg="yellow", err=True)
    for why in failed.values():
        typer.secho(why, fg="red", err=True)
    return 1 if failed else 0
