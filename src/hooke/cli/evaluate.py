"""`hooke evaluate`: score predicted label images against true ones."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hooke.cli.given import refuse_ignored
from hooke.errors import listed

if TYPE_CHECKING:
    from hooke.evaluation import Detection, Evaluation

_LISTED = 10
_NOT_FOR_TRACKS = (
    "split",
    "against",
    "by",
    "through",
    "threshold",
    "ignore_class",
    "points",
    "split_components",
    "distance",
    "quiet",
)


def evaluate(
    context: typer.Context,
    pred: Annotated[
        Path,
        typer.Argument(
            help="Folder of label images, what [bold]hooke segment[/] wrote, COCO json, csv of run lengths, or zarr."
        ),
    ],
    truth: Annotated[Path, typer.Argument(help="The same, or a hooke data set with index.csv.")],
    split: Annotated[str | None, typer.Option(help="Only this split of the data set, such as test.")] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", "-o", help="Folder for report.html, scores.json, per_image.csv, per_object.csv and classes/."
        ),
    ] = None,
    against: Annotated[
        list[Path] | None, typer.Option(help="Show the AP of this earlier -o folder in the report, too; repeatable.")
    ] = None,
    by: Annotated[
        list[str] | None, typer.Option(help="Summarise by this column of the index, besides modality; repeatable.")
    ] = None,
    through: Annotated[
        str | None,
        typer.Option(
            metavar="SCHEME",
            help="Encode PRED to what networks learn and decode it again, then score: with the truth as PRED, "
            "the best that any model of this target scheme could reach.",
        ),
    ] = None,
    threshold: Annotated[
        float, typer.Option(min=0.01, max=1, help="IoU from which objects match in per_object.csv and kinds of error.")
    ] = 0.5,
    ignore_class: Annotated[
        list[str] | None,
        typer.Option(help="Leave true objects of this class out of scores of classes; repeatable.", metavar="CLASS"),
    ] = None,
    points: Annotated[
        bool,
        typer.Option(
            "--points",
            "--detection",
            help="Score detection alone: a point counts when it is in a true mask not yet matched. "
            "PRED may be a csv of points (image, y, x).",
        ),
    ] = False,
    split_components: Annotated[
        bool | None,
        typer.Option(
            "--split-components/--no-split-components",
            help="Make each connected component of label images an object, or none. Default: those of binary masks.",
            show_default=False,
        ),
    ] = None,
    distance: Annotated[
        float | None, typer.Option(min=0.01, help="With --points: match within this many pixels of the true centre.")
    ] = None,
    tracks: Annotated[
        bool,
        typer.Option(
            "--tracks",
            help="Score tracks: PRED is what [bold]hooke track[/] wrote, or res_track.txt and masks; TRUTH a folder of "
            "the Cell Tracking Challenge.",
        ),
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print all scores as JSON and nothing else.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print errors only, with -o.")] = False,
) -> int:
    """Score predicted label images against true ones, paired by file name without suffix.

    Pixels: IoU, Dice, precision, recall.
    Objects: precision, recall, F1 and AP = TP/(TP+FP+FN) by IoU threshold,
    DSB 2018 score, panoptic quality (PQ), aggregated Jaccard (AJI), boundary F;
    by size and kind of error; numbers of objects; COCO AP if there are scores.
    Classes, if both sides have them: accuracy, F1, confusion matrix, PQ by class;
    with probabilities ROC, precision-recall and calibration curves.
    Also by modality, if the data set's index has it.

    A prediction that is missing, unreadable or of another size
    counts as one without objects, and the exit status is 1.

    [bold]Examples[/]

    hooke evaluate out/ truth/

    hooke evaluate out/ dsb2018/ --split test -o scores/

    hooke evaluate out/ dsb2018/ --by field_of_view --threshold 0.7

    hooke evaluate out/ truth/ -o scores/ --against scores-before/

    hooke evaluate results.json annotations.json

    hooke evaluate dsb2018/ dsb2018/ --through splitline

    hooke evaluate points.csv dkfz/ --points --ignore-class PartiallydifferentiatedMSC

    hooke evaluate tracks/ 01_GT/ --tracks

    hooke evaluate out/ truth/ --json | jq .overall.mean.dsb
    """
    import warnings

    import hooke

    if tracks:
        refuse_ignored(context, _NOT_FOR_TRACKS, "has no effect with --tracks")
        return _show_tracks(pred, truth, out, json=json)
    if points:
        refuse_ignored(context, ["through", "threshold", "against"], "goes with outlines, not with --points")
    else:
        refuse_ignored(context, ["distance"], "goes with --points")
    if out is None:
        refuse_ignored(context, ["against"], "goes with -o: it is shown in the report")
        refuse_ignored(context, ["quiet"], "goes with -o: nothing would be left of the scores")
    if points:
        detection = hooke.evaluate_points(
            pred,
            truth,
            split=split,
            out=out,
            by=by or (),
            max_distance=distance,
            ignore_classes=ignore_class or (),
            split_components=split_components,
        )
        return _show_detection(detection, out, json=json, quiet=quiet)

    with warnings.catch_warnings():
        # Said below in the command's own words.
        warnings.simplefilter("ignore", UserWarning)
        result = hooke.evaluate(
            pred,
            truth,
            split=split,
            through=through,
            out=out,
            against=against or (),
            by=by or (),
            threshold=threshold,
            ignore_classes=ignore_class or (),
            split_components=split_components,
        )
    if json:
        _print_json(result)
    elif not quiet:
        _print_tables(result)
    _print_problems(result)
    if out is not None and not json and not quiet:
        typer.echo(f"report: {out / 'report.html'}; next to it scores.json, per_image.csv, per_object.csv")
    return 0 if result.complete else 1


def _show_tracks(pred: Path, truth: Path, out: Path | None, *, json: bool) -> int:
    """Print what `--tracks` gives; return the exit status."""
    from hooke.tracking import SCORES, evaluate_tracks

    result = evaluate_tracks(pred, truth, out=out)
    if json:
        import json as writer

        typer.echo(writer.dumps(result.to_dict(), indent=2))
        return 0
    from rich.console import Console
    from rich.table import Table

    table = Table("score", "value", "what it is")
    for name, meaning in SCORES.items():
        value = result.scores[name]
        table.add_row(name, "–" if value != value else f"{value:.4f}", meaning)
    counts = result.counts
    Console().print(table)
    typer.echo(
        f"{counts['found_tracks']} tracks for {counts['true_tracks']} true ones, {counts['found_divisions']} divisions "
        f"for {counts['true_divisions']}, in {counts['frames']} frames"
    )
    return 0


def _show_detection(result: Detection, out: Path | None, *, json: bool, quiet: bool) -> int:
    """Print what `--points` gives; return the exit status."""
    if json:
        _print_json(result)
    elif not quiet:
        from rich.console import Console

        from hooke.cli.class_tables import classification_tables
        from hooke.cli.score_tables import detection_table

        console = Console()
        console.print(detection_table(result))
        if result.classification is not None:
            for table in classification_tables(result.classification, "Classes of objects found"):
                console.print(table)
    for name, problem in result.bad.items():
        _complain(f"{name}: {problem}")
    if result.extra:
        _complain(f"{len(result.extra)} not scored, no truth: {listed(result.extra, _LISTED)}")
    for note in result.notes:
        _complain(note)
    if out is not None and not json and not quiet:
        typer.echo(f"all scores: {out / 'detection.json'}; image by image: detection_per_image.csv there")
    return 1 if result.bad else 0


def _print_json(result: Evaluation | Detection) -> None:
    import json

    typer.echo(json.dumps(result.to_dict(), indent=2))


def _print_tables(result: Evaluation) -> None:
    from rich.console import Console

    from hooke.cli.score_tables import score_tables

    console = Console()
    for table in score_tables(result):
        console.print(table)


def _print_problems(result: Evaluation) -> None:
    """Say on the error stream what was missing, bad or left over; standard output stays a table or JSON."""
    if result.missing:
        _complain(f"{len(result.missing)} scored as empty, no prediction: {listed(result.missing, _LISTED)}")
    for stem, problem in result.bad.items():
        _complain(f"{stem}: {problem}")
    if result.extra:
        _complain(f"{len(result.extra)} not scored, no truth: {listed(result.extra, _LISTED)}")
    for note in result.notes[:_LISTED]:
        _complain(note)
    if len(result.notes) > _LISTED:
        _complain(f"and {len(result.notes) - _LISTED} notes more (--json, --out)")


def _complain(message: str) -> None:
    typer.secho(f"hooke: {message}", fg="yellow", err=True)
