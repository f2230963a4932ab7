"""`hooke classify` gives each object a class; `hooke classify train` makes a classifier."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from typer.core import TyperGroup

from hooke.cli.given import refuse_ignored
from hooke.cli.measure import ChannelsFrom, Write
from hooke.errors import ConfigError

if TYPE_CHECKING:
    from hooke.classify.learn import Learnt
    from hooke.io import Progress


class ImagesOrTrain(TyperGroup):
    """A group whose command ``images`` is meant where none is named: ``hooke classify images/`` classifies.

    A folder may be named as a command is: ``hooke classify images --labels results/`` means the folder ``images``.
    """

    def parse_args(self, ctx: typer.Context, args: list[str]) -> list[str]:  # type: ignore[override]
        """Put the command's name in front of images and options."""
        if args and args[0] not in ("-h", "--help") and (args[0] not in self.commands or self._is_folder(ctx, args)):
            args = ["images", *args]
        return super().parse_args(ctx, args)

    def _is_folder(self, ctx: typer.Context, args: list[str]) -> bool:
        """Whether a command's name means a folder: one is there, and the line is right only if it is images."""
        name, rest = args[0], args[1:]
        return Path(name).exists() and not self._understands(name, rest, ctx) and self._understands("images", args, ctx)

    def _understands(self, name: str, args: list[str], ctx: typer.Context) -> bool:
        """Whether a command takes these arguments."""
        try:
            self.commands[name].make_context(name, [*args], parent=ctx)
        except Exception:  # usage errors, whose common class typer has not always had, and an exit for --help
            return False
        return True


def classify(
    images: Annotated[list[str], typer.Argument(help="Files, folders (with their subfolders) and patterns.")],
    model: Annotated[str, typer.Option(help="Bundle of a classifier, or a folder made by hooke classify train.")],
    out: Annotated[Path, typer.Option("-o", "--out", help="Folder for the results.")],
    labels: Annotated[
        Path | None,
        typer.Option(
            help="Results of hooke segment, a folder of label images, or a csv of points (image, y, x). "
            "None for a classifier of whole images."
        ),
    ] = None,
    threshold: Annotated[
        float, typer.Option(help="Call an object unknown whose most probable class is less probable, 0 to 1.")
    ] = 0.0,
    channel: Annotated[int | None, typer.Option(help="Channel that shows the objects, 0 is the first.")] = None,
    channels_from: ChannelsFrom = None,
    write: Write = "",
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print errors only.")] = False,
) -> int:
    """Classify every object that was found before, or each image as a whole.

    [bold]Examples[/]

      hooke classify images/ --labels results/ --model cells-bundle -o classes/

      hooke classify images/ --labels points.csv --model cells-bundle -o classes/ --threshold 0.8

      hooke classify images/ --model modality-bundle -o kinds/

      hooke classify train --features labelled.csv --images images/ --labels results/ -o my-classes
    """
    from hooke.classify import classify_folder, classify_images, load_image_classifier, task_of

    def show(progress: Progress[object]) -> None:
        if progress.error:
            typer.secho(f"failed: {progress.error}", fg="red", err=True)

    if labels is None:
        if channels_from:
            raise ConfigError("--channels-from is for objects, and none are given", remedy="add --labels RESULTS")
        if write:
            raise ConfigError("--write is for objects, and none are given", remedy="add --labels RESULTS")
        if task_of(model) == "classifier":
            raise ConfigError(
                "this classifier needs objects, and none are given", path=model, remedy="add --labels RESULTS"
            )
        whole = classify_images(
            images, load_image_classifier(model), out, threshold=threshold, channel=channel, progress=show
        )
        if not quiet:
            counts = ", ".join(f"{count} {name}" for name, count in whole.counts.items()) or "none classified"
            typer.echo(f"{len(whole.table) - whole.failed} image(s): {counts}; written to {whole.path}")
            _print_notes(whole.notes)
        return _status(whole.failed, len(whole.table))
    done = classify_folder(
        images, labels, model, out, threshold=threshold, channel=channel, channels_from=channels_from, write=write,
        progress=show,
    )  # fmt: skip
    if not quiet:
        _print_summary(done)
        _print_notes(done.notes)
    return _status(done.failed, len(done.summary))


def _print_notes(notes: Sequence[str]) -> None:
    for note in notes:
        typer.secho(note, fg="yellow")


def _status(failed: int, images: int) -> int:
    if failed == images:
        return 2
    return 1 if failed else 0


def train(
    context: typer.Context,
    features: Annotated[
        Path,
        typer.Option(
            help="A hooke data set with classes, a csv of labelled cells (image, label, class), or corrected images: "
            "the output of hooke segment whose objects got classes in another program."
        ),
    ],
    out: Annotated[Path, typer.Option("-o", "--out", help="Folder of the classifier.")],
    images: Annotated[list[str] | None, typer.Option(help="For a csv: files, folders and patterns.")] = None,
    labels: Annotated[Path | None, typer.Option(help="For a csv: results of hooke segment, or label images.")] = None,
    channels_from: ChannelsFrom = None,
    split: Annotated[str, typer.Option(help="For a data set: the split to learn from.")] = "train",
    classes: Annotated[list[str] | None, typer.Option("--class", help="Learn this class; repeatable.")] = None,
    per_class: Annotated[
        int | None, typer.Option(min=1, help="Learn from this many cells of each class, drawn at random. Default: all.")
    ] = None,
    intensity: Annotated[
        Literal["auto", "nuclei", "colours", "stored", "channels"],
        typer.Option(
            help="Where to measure intensities. nuclei: the nuclear channel; colours: all three, stretched together; "
            "stored: all three as stored; channels: all channels of stains. auto: compare them by cross-validation."
        ),
    ] = "auto",
    seed: Annotated[int, typer.Option(help="Seed of random choices.")] = 0,
) -> int:
    """Make a classifier from labelled cells, without a network: 20 cells of each class are enough to start.

    Measures size, shape, intensity and texture of each cell and trains randomised trees on them.
    """
    from hooke.classify import examples_of_dataset, examples_of_table, learn_features
    from hooke.corrections import examples_of_corrected
    from hooke.datasets import INDEX_NAME

    wanted = classes or []
    if features.is_dir() and not (features / INDEX_NAME).is_file() and any(features.iterdir()):
        refuse_ignored(
            context,
            ["images", "labels", "channels_from", "split"],
            "goes with a csv or a data set, not with corrected images",
        )
        examples = examples_of_corrected(features, classes=wanted)
    elif features.is_dir():
        refuse_ignored(context, ["images", "labels", "channels_from"], "goes with a csv: a data set has its own")
        examples = examples_of_dataset(features, split, wanted)
    elif images and labels:
        refuse_ignored(context, ["split"], "goes with a data set, not with a csv")
        examples = examples_of_table(features, images, labels, wanted, channels_from=channels_from)
    else:
        raise ConfigError("a csv needs its images and labels", remedy="add --images FOLDER --labels RESULTS")
    learnt = learn_features(
        examples,
        name=out.name,
        intensity=None if intensity == "auto" else intensity,
        per_class=per_class,
        seed=seed,
    )
    learnt.classifier.save(out)
    counts = ", ".join(f"{count} {name}" for name, count in learnt.examples.items())
    typer.echo(f"learnt from {counts}; written to {out}")
    if learnt.accuracy == learnt.accuracy:  # NaN with a single image
        typer.echo(
            f"on images left out: accuracy {learnt.accuracy:.3f}, balanced accuracy {learnt.balanced_accuracy:.3f}"
        )
    _print_intensity(learnt)
    for warning in learnt.warnings:
        typer.secho(f"warning: {warning}", fg="yellow", err=True)
    return 0


_SEEN = {
    "nuclei": "the nuclear channel alone, or what is used in its place",
    "colours": "all three colours, stretched together",
    "stored": "all three colours as stored",
    "channels": "all channels",
}


def _print_intensity(learnt: Learnt) -> None:
    """Say what the classifier measures intensities in, and what else was tried."""
    chosen = learnt.classifier.intensity
    known = {way: f"{score:.3f}" for way, score in learnt.tried.items() if len(learnt.tried) > 1}
    known |= {way: f"not the same in all images ({name})" for way, name in learnt.unlike.items()}
    own = [f"balanced accuracy {known.pop(chosen)}"] if chosen in known else []
    scores = "; ".join([*own, *(f"{_SEEN[way]}: {score}" for way, score in known.items())])
    typer.echo(f"measures intensities in {_SEEN[chosen]}{f' ({scores})' if scores else ''}")


def evaluate(
    dataset: Annotated[Path, typer.Argument(help="A hooke data set with classes.")],
    model: Annotated[str, typer.Option(help="Bundle of a classifier, or a folder made by hooke classify train.")],
    split: Annotated[str, typer.Option(help="Split of the data set to score on.")] = "test",
    out: Annotated[
        Path | None, typer.Option("-o", "--out", help="Folder for confusion matrix, curves and scores by class.")
    ] = None,
) -> int:
    """Score a classifier on the true objects, or the images, of a data set; objects of other classes are left out."""
    import warnings

    from rich.console import Console

    from hooke.classify import (
        evaluate_classifier,
        evaluate_image_classifier,
        examples_of_dataset,
        load_classifier,
        load_image_classifier,
        task_of,
    )
    from hooke.cli.class_tables import classification_tables
    from hooke.report.classification import write_classification

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", UserWarning)
        if whole := task_of(model) == "image-classifier":
            scores = evaluate_image_classifier(load_image_classifier(model), dataset, split)
        else:
            scores = evaluate_classifier(load_classifier(model), examples_of_dataset(dataset, split))
    for warning in caught:
        typer.secho(f"warning: {warning.message}", fg="yellow", err=True)
    console = Console()
    for table in classification_tables(scores, "Images classified" if whole else "True objects classified"):
        console.print(table)
    if out is not None:
        typer.echo(f"written to {write_classification(scores, out)}")
    return 0


def _print_summary(done: object) -> None:
    from hooke.classify import ClassifiedFolder

    assert isinstance(done, ClassifiedFolder)
    totals = done.counts.select_dtypes("number").sum()
    counts = ", ".join(f"{int(count)} {name}" for name, count in totals.items() if count) or "no objects"
    good = len(done.summary) - done.failed
    typer.echo(f"{counts} in {good} image(s); results in {done.out}")
    warned = done.summary[done.summary["warning"] != ""]
    for _, row in warned.head(10).iterrows():
        typer.secho(f"warning: {row['image']}: {row['warning']}", fg="yellow")
