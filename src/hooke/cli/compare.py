"""`hooke compare` compares saved evaluations, with intervals of the differences."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hooke.errors import listed

if TYPE_CHECKING:
    from rich.console import Console

    from hooke.evaluation.compare import RunComparison

_LISTED = 5


def compare(
    runs: Annotated[
        list[Path],
        typer.Argument(help="Folders that [bold]hooke evaluate -o[/] wrote; the others are compared with the first."),
    ],
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Folder for compare.html and differences.csv.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the bootstrap.")] = 0,
) -> int:
    """Compare evaluations, and test whether their differences are significant.

    Each image scored by two methods gives a difference. Data sets are drawn
    again from the groups of images that belong together (fields of view):
    how much the mean difference varies among them gives its 95 % interval and p.

    [bold]Examples[/]

    hooke evaluate before/ dsb2018/ -o scores/before

    hooke evaluate after/ dsb2018/ -o scores/after

    hooke compare scores/before scores/after -o comparison/
    """
    from rich.console import Console

    from hooke.evaluation.compare import ALL, compare_runs
    from hooke.evaluation.saved_evaluation import read_runs
    from hooke.report.html import write_comparison

    loaded = read_runs(runs)
    comparison = compare_runs(loaded, seed=seed)
    console = Console()
    for part in dict.fromkeys(comparison.means["part"]):
        _print_part(console, comparison, part, tested=part == ALL)
    _print_left_out(comparison)
    if out is not None:
        comparison.save(out / "differences.csv")
        write_comparison(loaded, comparison, out / "compare.html")
        typer.echo(f"report: {out / 'compare.html'}; every difference: {out / 'differences.csv'}")
    return 0


def _print_part(console: Console, comparison: RunComparison, part: str, *, tested: bool) -> None:
    """Print a table of means, with each run's difference from the first, its interval and p."""
    from rich.table import Table

    from hooke.evaluation.compare import COMPARED

    means, differences = comparison.means, comparison.differences
    means = means[means["part"] == part]
    first, *others = comparison.runs
    facts = f"{part}: means over {means['images'].iloc[0]} images in {means['groups'].iloc[0]} groups"
    table = Table(title=facts, title_justify="left")
    for column in ("", first, *(name for run in others for name in (run, "difference", "p"))):
        table.add_column(column, justify="right" if column else "left")
    for row in means.to_dict("records"):
        cells = [COMPARED[row["score"]], f"{row[first]:.3f}"]
        row_of_table = (differences["part"] == part) & (differences["score"] == row["score"])
        for run in others:
            test = differences[row_of_table & (differences["run"] == run)].iloc[0]
            cells += [f"{row[run]:.3f}", _difference(test["difference"], test["low"], test["high"]), _p(test["p"])]
        if tested or row["score"] == "dsb":
            table.add_row(*cells)
    console.print(table)


def _difference(mean: float, low: float, high: float) -> str:
    return f"{mean:+.3f}" if low != low else f"{mean:+.3f} ({low:+.3f} to {high:+.3f})"


def _p(p: float) -> str:
    return "–" if p != p else f"{p:.3f}"


def _print_left_out(comparison: RunComparison) -> None:
    for run, names in comparison.left_out.items():
        if names:
            shown = listed(names, _LISTED)
            typer.secho(
                f"hooke: {len(names)} of {run} left out, not every run scored them: {shown}", fg="yellow", err=True
            )
    for run, names in comparison.empty.items():
        if names:
            said = f"hooke: {len(names)} of {run} scored as empty, no prediction or a bad one: {listed(names, _LISTED)}"
            typer.secho(said, fg="yellow", err=True)
