"""`hooke submit` writes label images as a Data Science Bowl 2018 submission."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Annotated

import typer


def submit(
    pred: Annotated[Path, typer.Argument(help="Folder of label images, or what [bold]hooke segment[/] wrote.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="The csv file.")] = Path("submission.csv"),
    truth: Annotated[
        Path | None, typer.Option(help="Score the csv against this data set or folder of label images.")
    ] = None,
    split: Annotated[str | None, typer.Option(help="With --truth: only this split of the data set.")] = None,
) -> int:
    """Write label images as a submission to the Data Science Bowl 2018.

    One row per object: run lengths down the columns, pixels counted from 1.
    No two objects overlap. The csv is read back and compared with the label images before it appears.

    [bold]Examples[/]

    hooke submit results/ -o submission.csv

    hooke submit results/ -o submission.csv --truth dsb2018/ --split test
    """
    from hooke.evaluation.oddities import summed_oddities
    from hooke.evaluation.submission import write_submission

    if split is not None and truth is None:
        raise typer.BadParameter("goes with --truth", param_hint="--split")
    submission = write_submission(pred, out)
    images, objects = len(submission.objects), sum(submission.objects.values())
    empty = sum(not count for count in submission.objects.values())
    note = f", {empty} of them without objects" if empty else ""
    typer.echo(f"{objects} objects in {images} image(s){note}; read back without a difference: {out}")
    odd = summed_oddities((name, "label images", found) for name, found in submission.oddities.items())
    for problem in [*odd, *submission.failed.values()]:
        typer.secho(f"hooke: {problem}", fg="yellow", err=True)
    complete = truth is None or _print_score(pred, truth, split, submission.failed)
    return 0 if complete and not submission.failed else 1


def _print_score(pred: Path, truth: Path, split: str | None, said: Collection[str]) -> bool:
    """Score what the csv holds; return whether every true image had a prediction of its size.

    The label images are scored, to which the csv is equal: they know their size, which the csv does not.
    """
    import warnings

    from hooke import evaluation

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # said below
        result = evaluation.evaluate(pred, truth, split=split)
    summary = result.overall
    bounds = summary.mean_interval.get("dsb")
    interval = f" (95 % interval {bounds[0]:.3f} to {bounds[1]:.3f})" if bounds else ""
    typer.echo(f"DSB score {summary.mean['dsb']:.3f}{interval}, mean over {summary.images} image(s)")
    if not result.complete:
        message = f"{len(result.missing)} image(s) without a prediction, {len(result.bad)} that could not be used"
        typer.secho(f"hooke: {message}", fg="yellow", err=True)
    for name, problem in result.bad.items():
        if name not in said:
            typer.secho(f"hooke: {problem}", fg="yellow", err=True)
    return result.complete
