"""`hooke report` writes the page of a folder of results again."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def report(
    folder: Annotated[Path, typer.Argument(help="What [bold]hooke segment -o[/] wrote.")],
    layout: Annotated[Path | None, typer.Option(help="Conditions of the wells of a plate, a csv.")] = None,
    wells: Annotated[str | None, typer.Option(help="How file names hold the well: {well}_{site}_*, or auto.")] = None,
) -> int:
    """Write results.html and the tables of a folder of results, without segmenting again.

    [bold]Examples[/]

    hooke report results/

    hooke report results/ --layout layout.csv
    """
    from hooke.pipeline import report_results

    page = report_results(folder, layout=layout, wells=wells)
    typer.echo(page.path)
    for note in page.notes:
        typer.secho(note, fg="yellow", err=True)
    return 0
