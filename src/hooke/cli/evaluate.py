"""`hooke evaluate`: folders of predicted and of true label images in, a table of scores (or JSON) out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.table import Table

    from hooke.evaluation import Evaluation
    from hooke.metrics import Summary

__all__ = ["evaluate"]

# What the table shows: title, name in `hooke.metrics.score_counts`, whether the pooled score is shown too.
_ROWS = (
    ("pixel IoU", "pixel_iou", True),
    ("pixel Dice", "pixel_dice", True),
    ("pixel precision", "pixel_precision", False),
    ("pixel recall", "pixel_recall", False),
    ("precision at 0.5", "precision_50", True),
    ("recall at 0.5", "recall_50", True),
    ("F1 at 0.5", "f1_50", True),
    ("AP at 0.5", "ap_50", True),
    ("AP at 0.75", "ap_75", True),
    ("AP at 0.9", "ap_90", True),
    ("DSB score", "dsb", False),
    ("PQ", "pq", True),
    ("AJI", "aji", True),
)
_LISTED = 10


def evaluate(
    pred: Annotated[Path, typer.Argument(help="Folder of label images, or what [bold]hooke segment[/] wrote.")],
    truth: Annotated[Path, typer.Argument(help="Folder of label images, or a hooke dataset with index.csv.")],
    split: Annotated[str | None, typer.Option(help="Only this split of the dataset, such as test.")] = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Folder for scores.json (all scores) and per_image.csv.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print all scores as JSON and nothing else.")] = False,
) -> int:
    """Score predicted label images against true ones, paired by the stem of their file names.

    Pixels: IoU, Dice, precision, recall.
    Objects: precision, recall, F1 and AP = TP/(TP+FP+FN) by IoU threshold,
    DSB 2018 score, panoptic quality (PQ), aggregated Jaccard (AJI).
    By modality too when the dataset's index has it.

    A prediction that is missing, unreadable or of another size
    counts as one without objects, and the exit status is 1.

    [bold]Examples[/]

    hooke evaluate out/ truth/

    hooke evaluate out/ dsb2018/ --split test -o scores/

    hooke evaluate out/ truth/ --json | jq .overall.mean.dsb
    """
    import warnings

    from hooke import evaluation

    with warnings.catch_warnings():
        # Said below in the command's own words.
        warnings.simplefilter("ignore", UserWarning)
        result = evaluation.evaluate(pred, truth, split=split, out=out)
    if json:
        _print_json(result)
    else:
        _print_tables(result)
    _print_problems(result)
    if out is not None and not json:
        typer.echo(f"all scores: {out / 'scores.json'}; image by image: {out / 'per_image.csv'}")
    return 0 if result.complete else 1


def _print_json(result: Evaluation) -> None:
    import json

    typer.echo(json.dumps(result.to_dict(), indent=2))


def _print_tables(result: Evaluation) -> None:
    from rich.console import Console

    groups = {"overall": result.overall, **result.by_modality}
    console = Console()
    console.print(_table("Mean over images: each image weighs the same", groups, pooled=False))
    console.print(_table("Pooled: each object (or pixel) weighs the same", groups, pooled=True))


def _table(title: str, groups: dict[str, Summary], *, pooled: bool) -> Table:
    from rich.table import Table

    table = Table(title=title, title_justify="left")
    table.add_column("")
    for name in groups:
        table.add_column(name, justify="right")
    if pooled:
        table.add_row("true objects", *(str(summary.n_true) for summary in groups.values()))
        table.add_row("predicted objects", *(str(summary.n_pred) for summary in groups.values()), end_section=True)
    else:
        table.add_row("images", *(str(summary.images) for summary in groups.values()), end_section=True)
    for label, score, has_pooled in _ROWS:
        if has_pooled or not pooled:
            values = ((summary.pooled if pooled else summary.mean)[score] for summary in groups.values())
            table.add_row(label, *(f"{value:.3f}" for value in values), end_section=score == "pixel_recall")
    return table


def _print_problems(result: Evaluation) -> None:
    """Say on the error stream what was missing, bad or left over; standard output stays a table or JSON."""
    if result.missing:
        _complain(f"{len(result.missing)} scored as empty, no prediction: {_some(result.missing)}")
    for stem, problem in result.bad.items():
        _complain(f"{stem}: {problem}")
    if result.extra:
        _complain(f"{len(result.extra)} not scored, no truth: {_some(result.extra)}")


def _complain(message: str) -> None:
    typer.secho(f"hooke: {message}", fg="yellow", err=True)


def _some(stems: tuple[str, ...]) -> str:
    more = len(stems) - _LISTED
    return ", ".join(stems[:_LISTED]) + (f" and {more} more" if more > 0 else "")
