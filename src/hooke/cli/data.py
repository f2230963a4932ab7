"""`hooke data` works on hooke data sets; `show` makes contact sheets, histograms and counts."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hooke.cli.progress_bar import progress_bar

if TYPE_CHECKING:
    from collections import Counter

    from rich.table import Table

    from hooke.report.dataset_overview import Overview

OK, SOME_FAILED = 0, 1


def show(
    dataset: Annotated[Path, typer.Argument(help="A hooke data set.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for the sheets, histograms.svg and counts.csv.")],
    split: Annotated[str | None, typer.Option(help="Only this split, such as test.")] = None,
    most: Annotated[int | None, typer.Option(min=1, help="Show this many images, spread evenly over all.")] = None,
    columns: Annotated[int, typer.Option(min=1, help="Pictures in a row.")] = 6,
    rows: Annotated[int, typer.Option(min=1, help="Rows on a page.")] = 5,
    side: Annotated[int, typer.Option(min=32, help="Pixels of a picture's longer side.")] = 256,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress bar.")] = False,
) -> int:
    """View a data set: contact sheets with outlines, histograms, counts per split.

    [bold]Examples[/]

    hooke data show data/dsb2018 -o look/

    hooke data show data/dsb2018 -o look/ --split test --most 60 --side 400
    """
    from hooke.report.dataset_overview import show_dataset

    with progress_bar("drawing", hidden=quiet) as show:
        overview = show_dataset(
            dataset,
            out,
            split=split,
            most=most,
            columns=columns,
            rows=rows,
            side=side,
            progress=show,
        )
    _print_overview(overview)
    sheets = f"{len(overview.pages)} sheet{'s' if len(overview.pages) > 1 else ''}"
    typer.echo(f"{out}: {sheets} from {overview.pages[0].name}, histograms.svg, counts.csv")
    for id_, error in overview.failed.items():
        typer.secho(f"hooke: {id_} failed: {error}", fg="red", err=True)
    return SOME_FAILED if overview.failed else OK


def _print_overview(overview: Overview) -> None:
    from rich.console import Console

    console = Console()
    console.print(_counts("Images", overview.images))
    console.print(_counts("Objects", overview.objects))
    if overview.classes:
        console.print(_counts("Objects by class", overview.classes))
    console.print(_sizes(overview))


def _counts(title: str, counts: Counter[tuple[str, str]]) -> Table:
    """Lay counts by split and by something else out, with their sums."""
    from rich.table import Table

    splits = [split for split in ("train", "val", "test") if any(key[0] == split for key in counts)]
    table = Table(title=title, title_justify="left")
    table.add_column("")
    for name in (*splits, "all"):
        table.add_column(name, justify="right")
    names = sorted({name for _, name in counts})
    for name in names:
        figures = [counts[split, name] for split in splits]
        table.add_row(name or "not stated", *map(str, (*figures, sum(figures))), end_section=name == names[-1])
    sums = [sum(counts[split, name] for name in names) for split in splits]
    table.add_row("all", *map(str, (*sums, sum(sums))))
    return table


def _sizes(overview: Overview) -> Table:
    """Lay quantiles of the objects' diameters out, by split."""
    import numpy as np
    from rich.table import Table

    table = Table(title="Equivalent diameter of objects, pixels", title_justify="left")
    table.add_column("")
    for name in ("5 %", "25 %", "median", "75 %", "95 %"):
        table.add_column(name, justify="right")
    for split, diameters in overview.diameters.items():
        if diameters:
            table.add_row(split, *(f"{value:.1f}" for value in np.percentile(diameters, (5, 25, 50, 75, 95))))
    return table
