"""`hooke doctor` checks a data set for errors, writes a report with pictures, and makes a corrected copy."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hooke.cli.completion import model_names
from hooke.cli.given import refuse_ignored
from hooke.cli.progress_bar import progress_bar

if TYPE_CHECKING:
    from rich.table import Table

    from hooke.doctor import Change, Diagnosis

HEALTHY, ERRORS = 0, 1
RANKED = 5  # images of the ranking that the terminal shows


def doctor(
    context: typer.Context,
    dataset: Annotated[Path, typer.Argument(help="A hooke data set, or a folder with images and labels.")],
    against: Annotated[
        list[Path] | None,
        typer.Option(metavar="OTHER", help="Find images that this data set or folder has, too. Repeatable."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Folder for doctor.html, findings.json and findings.csv.")
    ] = None,
    fix: Annotated[Path | None, typer.Option(metavar="DST", help="Write a copy with safe corrections.")] = None,
    model: Annotated[
        str | None,
        typer.Option(
            help="Rank images by the disagreement of the labels with this model, such as nuclei.",
            autocompletion=model_names,
        ),
    ] = None,
    threads: Annotated[int, typer.Option(min=0, help="Threads for the model; 0 takes all cores.")] = 0,
    json: Annotated[bool, typer.Option("--json", help="Print all findings as JSON and nothing else.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress bar.")] = False,
) -> int:
    """Find errors in a data set before you train on it.

    Damaged files, labels in pieces, holes, specks, merges, missing objects, odd sizes,
    and images that occur twice, also as a crop, at another bit depth,
    in two splits or in another data set.

    [bold]--fix[/] fills holes of a few pixels, removes specks and stray pixels, and
    gives distant pieces their own ids; changes.csv lists each change.

    Exit status: 0 no error found, 1 errors found (files that can't be used,
    images in two splits or data sets), 2 wrong usage.

    [bold]Examples[/]

    hooke doctor data/dsb2018 -o checked/

    hooke doctor data/dsb2018 --against data/bbbc039

    hooke doctor data/mine --fix data/mine-fixed --model nuclei
    """
    from hooke.doctor import examine, fix_dataset, write_report

    if model is None:
        refuse_ignored(context, ["threads"], "goes with --model")

    with progress_bar("checking", hidden=quiet or json) as show:
        found = examine(
            dataset,
            against=against or (),
            model=model,
            threads=threads,
            progress=lambda what, done, total: show(done, total, what),
        )
        changes = None
        if fix is not None:
            changes = fix_dataset(dataset, fix, progress=lambda done, total: show(done, total, "correcting"))
        page = None if out is None else write_report(found, out)
    if json:
        _print_json(found)
    else:
        _print_tables(found)
        if changes is not None:
            _print_changes(changes, fix)
        if page is not None:
            typer.echo(f"pictures: {page}; all findings: {page.with_name('findings.csv')}")
    return ERRORS if found.has_errors else HEALTHY


def _print_json(found: Diagnosis) -> None:
    import json

    from hooke.doctor.report import to_json

    typer.echo(json.dumps(to_json(found), indent=1))


def _print_tables(found: Diagnosis) -> None:
    from rich.console import Console
    from rich.table import Table

    from hooke.doctor import KINDS, Severity

    colours = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.INFO: "default"}
    table = Table(title=f"{found.dataset}: {found.images} images, {found.objects} objects", title_justify="left")
    for name in ("kind", "severity", "findings", "images"):
        table.add_column(name, justify="right" if name in ("findings", "images") else "left")
    table.add_column("what it is", overflow="fold")
    for kind, count in found.counts().items():
        for severity in Severity:
            images = {
                finding.image for finding in found.findings if (finding.kind, finding.severity) == (kind, severity)
            }
            if images:
                shown = f"[{colours[severity]}]{severity}[/]"
                table.add_row(kind, shown, str(count[severity]), str(len(images)), KINDS[kind].meaning)
    console = Console()
    if found.findings:
        console.print(table)
    else:
        typer.echo(f"{found.dataset}: {found.images} images, {found.objects} objects, nothing found")
    if found.disagreements:
        console.print(_ranking(found))


def _ranking(found: Diagnosis) -> Table:
    from rich.table import Table

    table = Table(title="Images on which model and labels disagree most", title_justify="left")
    table.add_column("image", overflow="fold")
    for name in ("F1", "AP at 0.5", "labelled", "missed", "spurious"):
        table.add_column(name, justify="right")
    for image in found.disagreements[:RANKED]:
        figures = map(str, (image.labelled, image.missed, image.spurious))
        table.add_row(image.image, f"{image.f1:.3f}", f"{image.ap:.3f}", *figures)
    return table


def _print_changes(changes: list[Change], folder: Path | None) -> None:
    from collections import Counter

    counts = Counter(change.action for change in changes)
    said = ", ".join(f"{count} {action}" for action, count in counts.items()) or "nothing to correct"
    typer.echo(f"{folder}: {said}; each change is in changes.csv")
