"""`hooke prepare`: a public data set in, a hooke data set (index, images, labels) out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hooke.errors import ConfigError

if TYPE_CHECKING:
    from hooke.datasets.prepare import Prepared

__all__ = ["prepare"]

OK, SOME_FAILED, NOTHING_DONE = 0, 1, 2
LISTED = 10


def prepare(
    name: Annotated[str | None, typer.Argument(help="The data set's layout; see [bold]--list[/].")] = None,
    src: Annotated[Path | None, typer.Argument(help="The folder of the data set as published.")] = None,
    dst: Annotated[Path | None, typer.Argument(help="The folder to make.")] = None,
    split_from: Annotated[
        Path | None,
        typer.Option(
            metavar="INDEX.csv",
            help="Take split, modality and field of view from this index; leave out images that it does not list.",
        ),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the random 70/10/20 split made without an index.")] = 0,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Make again what is already there.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress bar.")] = False,
    list_: Annotated[bool, typer.Option("--list", help="List the known data sets and stop.")] = False,
) -> int:
    """Turn a public data set into a hooke data set.

    A run that was stopped goes on where it was when started again.

    [bold]Examples[/]

    hooke prepare --list

    hooke prepare dsb2018 downloads/ data/dsb2018

    hooke prepare bbbc039 downloads/bbbc039 data/bbbc039

    hooke prepare folder downloads/tnbc data/tnbc --split-from configs/tnbc-split.csv
    """
    from hooke.datasets.adapter import adapters
    from hooke.datasets.prepare import prepare_dataset

    if list_:
        known_layouts = adapters()
        width = max(map(len, known_layouts))
        for known, summary in known_layouts.items():
            typer.echo(f"{known:{width}}  {summary}")
        return OK
    if name is None or src is None or dst is None:
        raise ConfigError(
            "NAME, SRC and DST are needed", remedy="write such as: hooke prepare dsb2018 downloads/ data/dsb2018"
        )
    with _Progress(quiet) as progress:
        report = prepare_dataset(
            name, src, dst, split_from=split_from, seed=seed, overwrite=overwrite, progress=progress.show
        )
    _print_report(report, dst)
    if not (report.written or report.kept):
        return NOTHING_DONE
    return SOME_FAILED if report.failed else OK


class _Progress:
    """A progress bar on the error stream; none when quiet."""

    def __init__(self, quiet: bool) -> None:
        from rich.console import Console
        from rich.progress import Progress

        self.bar = Progress(console=Console(stderr=True), disable=quiet, transient=True)
        self.task = self.bar.add_task("preparing", total=None)

    def __enter__(self) -> _Progress:
        self.bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.bar.stop()

    def show(self, done: int, total: int) -> None:
        """Move the bar."""
        self.bar.update(self.task, completed=done, total=total)


def _print_report(report: Prepared, dst: Path) -> None:
    """Say what was done on the output, and what was odd on the error stream."""
    typer.echo(f"{dst}: {len(report.written)} images prepared, {len(report.kept)} were there already")
    if report.left_out:
        _complain(f"{len(report.left_out)} left out, not in the index given: {_some(report.left_out)}")
    for oddity, counts in report.oddities.items():
        _complain(f"{sum(counts.values())} {oddity}, in {len(counts)} images: {_some(list(counts))}")
    for id_, error in report.failed.items():
        _complain(f"{id_} failed: {error}", colour="red")


def _complain(message: str, colour: str = "yellow") -> None:
    typer.secho(f"hooke: {message}", fg=colour, err=True)


def _some(ids: list[str]) -> str:
    more = len(ids) - LISTED
    return ", ".join(ids[:LISTED]) + (f" and {more} more" if more > 0 else "")
