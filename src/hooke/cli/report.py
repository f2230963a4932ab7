"""`hooke report` writes the page of a folder of results again."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def report(
    folder: Annotated[Path, typer.Argument(help="What [bold]hooke segment -o[/] wrote.")],
) -> int:
    """Write results.html and the tables of a folder of results, without segmenting again.

    [bold]Examples[/]

    hooke report results/
    """
    from hooke.pipeline import report_results

    typer.echo(report_results(folder))
    return 0
