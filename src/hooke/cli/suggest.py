"""`hooke suggest` names the images of a run whose correction would teach most."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hooke.errors import readable


def suggest(
    results: Annotated[Path, typer.Argument(help="Folder that [bold]hooke segment[/] wrote.")],
    count: Annotated[int, typer.Option("--count", "-n", help="Number of images.")] = 5,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="Folder for suggestions.csv and suggestions.png. Default: of the results."),
    ] = None,
    threads: Annotated[int, typer.Option(help="Threads; 0 takes all cores.")] = 0,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print errors only.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the images as JSON.")] = False,
) -> int:
    """Name the images of a run whose correction would teach the model most, and draw why.

    Those whose objects score low, in which a mirror image gives other objects, and which look unlike each other. Of
    large images, the region in which most is unsure.

    [bold]Examples[/]

      hooke suggest results/ -n 5
    """
    from hooke.corrections import suggest as suggest_images

    silent = quiet or as_json
    found = suggest_images(
        results,
        count,
        out=out,
        threads=threads,
        progress=None if silent else lambda text: typer.echo(text, err=True),
    )
    if as_json:
        import json
        from dataclasses import asdict

        typer.echo(json.dumps([asdict(suggestion) for suggestion in found]))
    elif not quiet:
        for number, suggestion in enumerate(found, 1):
            typer.echo(readable(f"{number}  {suggestion.image}: {suggestion.why}"))
        typer.echo(readable(f"pictures in {(out or results) / 'suggestions.png'}"))
    return 0
