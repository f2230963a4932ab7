"""`hooke tune` fits a model's settings to corrected images."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hooke.cli.completion import model_names
from hooke.cli.corrected import Corrected, Images, Split, SplitComponents, Unknown
from hooke.errors import readable


def tune(
    corrected: Corrected,
    out: Annotated[
        Path, typer.Option("--out", "-o", metavar="MODEL", help="Folder or zip to write the tuned model to.")
    ],
    parent: Annotated[
        str,
        typer.Option(
            "--from",
            metavar="MODEL",
            help="Model to tune: a name, a bundle's path, or auto: nuclei, or cells for phase contrast.",
            autocompletion=model_names,
        ),
    ] = "auto",
    images: Images = None,
    split: Split = None,
    unknown: Unknown = None,
    split_components: SplitComponents = None,
    threads: Annotated[int, typer.Option(help="Threads; 0 takes all cores.")] = 0,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print errors only.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print what was tuned as JSON.")] = False,
) -> int:
    """Fit a model's settings to a few images that you have corrected: seconds, without PyTorch.

    Thresholds, outline offset, smallest area, lowest score, diameter and channel are chosen so that each image is
    helped by what the others choose; what is not better beyond noise stays. The model written holds settings alone and
    uses the weights of its parent.

    [bold]Examples[/]

      hooke tune results/ -o my-nuclei

      hooke tune rois/ --images images/ -o my-nuclei

      hooke segment images/ -o better/ --model my-nuclei
    """
    from hooke.corrections import tune as tune_model

    silent = quiet or as_json
    done = tune_model(
        corrected,
        out,
        parent,
        images=images,
        split=split,
        unknown=int(unknown) if unknown is not None and unknown.isdecimal() else unknown,
        split_components=split_components,
        threads=threads,
        progress=None if silent else lambda text: typer.echo(text, err=True),
    )
    if as_json:
        import json

        typer.echo(json.dumps({"out": str(out), "failed": done.failed, "notes": done.notes, **done.record()}))
    elif not quiet:
        for line in [*done.lines(), f"model in {readable(str(out))}"]:
            typer.echo(line)
    for note in done.notes:
        typer.secho(note, fg="yellow", err=True)
    for why in done.failed.values():
        typer.secho(why, fg="red", err=True)
    return 1 if done.failed else 0
