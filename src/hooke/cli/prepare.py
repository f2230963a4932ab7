"""`hooke prepare` converts a data set to hooke's layout: index, images, labels."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from hooke.cli.given import refuse_ignored
from hooke.cli.progress_bar import progress_bar
from hooke.errors import ConfigError, listed

if TYPE_CHECKING:
    from hooke.datasets.prepare import Prepared

OK, SOME_FAILED, NOTHING_DONE = 0, 1, 2
LISTED = 10
SPLITS, CLASSES, IMAGES = "Splits", "Classes", "Images"


def prepare(
    context: typer.Context,
    name: Annotated[str | None, typer.Argument(help="The data set's layout; see [bold]--list[/].")] = None,
    src: Annotated[Path | None, typer.Argument(help="The data set as published: a folder, or a file.")] = None,
    dst: Annotated[Path | None, typer.Argument(help="The folder to make, if [bold]-o[/] does not name it.")] = None,
    out: Annotated[Path | None, typer.Option("-o", "--out", help="The folder to make.")] = None,
    split: Annotated[
        str | None,
        typer.Option(
            metavar="TRAIN/VAL/TEST",
            help="Random split by group, such as 70/10/20, balanced by modality and class; or [bold]dkfz[/], that data "
            "set's own. Default: as published, otherwise 70/10/20.",
            rich_help_panel=SPLITS,
        ),
    ] = None,
    split_from: Annotated[
        Path | None,
        typer.Option(
            metavar="LIST",
            help="Take splits from a csv file with id and split (also modality, field_of_view), or a folder with "
            "train.txt, val.txt, test.txt; leave out images that it does not name.",
            rich_help_panel=SPLITS,
        ),
    ] = None,
    group: Annotated[
        str | None,
        typer.Option(
            metavar="REGEX",
            help="Part of an image's name that is its field of view, well, plate or patient, which is never divided "
            "between splits: such as '^[^_]+', all before the first underscore.",
            rich_help_panel=SPLITS,
        ),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of a random split.", rich_help_panel=SPLITS)] = 0,
    rename: Annotated[
        list[str] | None,
        typer.Option(
            "--class", metavar="OLD=NEW", help="Rename a class, or merge several into one.", rich_help_panel=CLASSES
        ),
    ] = None,
    ignore: Annotated[
        list[str] | None,
        typer.Option(metavar="CLASS", help="Keep its nuclei, without a class.", rich_help_panel=CLASSES),
    ] = None,
    drop: Annotated[
        list[str] | None,
        typer.Option(metavar="CLASS", help="Leave its objects out of the labels.", rich_help_panel=CLASSES),
    ] = None,
    size: Annotated[
        int | None,
        typer.Option(metavar="PIXELS", help="Make all images squares of this side.", rich_help_panel=IMAGES),
    ] = None,
    size_by: Annotated[
        Literal["tile", "resize"],
        typer.Option(help="Whether images are cut or scaled to that size.", rich_help_panel=IMAGES),
    ] = "tile",
    option: Annotated[
        list[str] | None,
        typer.Option("--option", metavar="NAME=VALUE", help="An option of the layout; see [bold]--list[/]."),
    ] = None,
    split_components: Annotated[
        bool | None,
        typer.Option(
            "--split-components/--no-split-components",
            help="Make each connected component of a label image an object, or none. Default: those of binary masks.",
            show_default=False,
            rich_help_panel=IMAGES,
        ),
    ] = None,
    jobs: Annotated[int | None, typer.Option("--jobs", "-j", min=1, help="Images converted at the same time.")] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Convert again what is already there.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress bar.")] = False,
    list_: Annotated[bool, typer.Option("--list", help="List the known layouts and stop.")] = False,
) -> int:
    """Convert a data set to hooke's layout.

    A run that was stopped continues when it is started again.

    [bold]Examples[/]

    hooke prepare --list

    hooke prepare dsb2018 downloads/ data/dsb2018

    hooke prepare bbbc039 downloads/bbbc039 -o data/bbbc039

    hooke prepare folder downloads/tnbc data/tnbc --group '^[^_]+' --split 60/20/20

    hooke prepare ctc downloads/PhC-C2DH-U373 data/u373 --option truth=gold --size 256
    """
    if list_:
        return _print_layouts()
    dst = _folder_to_make(dst, out)
    if name is None or src is None or dst is None:
        raise ConfigError(
            "NAME, SRC and DST are needed", remedy="write such as: hooke prepare dsb2018 downloads/ -o data/dsb2018"
        )
    if size is None:
        refuse_ignored(context, ["size_by"], "goes with --size")
    if split_from is not None or split == "dkfz":
        refuse_ignored(context, ["seed"], "has no effect on a split that is given")

    from hooke.datasets.class_rules import ClassRules
    from hooke.datasets.convert_image import PrepareSettings
    from hooke.datasets.prepare import prepare_dataset

    options = _options(option or [])
    if split_components is not None:
        options["components"] = "split" if split_components else "keep"
    settings = PrepareSettings(options, ClassRules.parse(rename or [], ignore or [], drop or []), size, size_by)
    with progress_bar("preparing", hidden=quiet) as show:
        report = prepare_dataset(
            name,
            src,
            dst,
            settings=settings,
            split=split,
            split_from=split_from,
            group=group,
            seed=seed,
            overwrite=overwrite,
            jobs=jobs,
            progress=lambda progress: show(progress.done, progress.total),
        )
    _print_report(report, dst)
    if not (report.written or report.kept):
        return NOTHING_DONE
    return SOME_FAILED if report.failed or report.absent else OK


def _folder_to_make(dst: Path | None, out: Path | None) -> Path | None:
    """Take the folder from the argument or from -o, which earlier versions took for --option."""
    if out is None:
        return dst
    if "=" in out.parts[0]:
        raise ConfigError(f"-o names the folder to make, not {out}", remedy=f"write --option {out}")
    if dst is not None:
        raise ConfigError(f"two folders to make: {dst} and {out}", remedy="name it once, with -o")
    return out


def _print_layouts() -> int:
    """Print a line for each layout."""
    from hooke.datasets.adapter import list_adapters

    layouts = list_adapters()
    width = max(map(len, layouts))
    for name, takes in layouts.items():
        typer.echo(f"{name:{width}}  {takes}")
    return OK


def _options(texts: Sequence[str]) -> dict[str, str]:
    """Read options of a layout as they are typed."""
    options = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not (name and equals):
            raise ConfigError(f"{text!r} is not an option", remedy="write NAME=VALUE")
        options[name] = value
    return options


def _print_report(report: Prepared, dst: Path) -> None:
    """Say what was done on the output, and what was odd on the error stream."""
    typer.echo(f"{dst}: {len(report.written)} images prepared, {len(report.kept)} were there already")
    if report.splits:
        typer.echo("splits: " + ", ".join(f"{count} {split}" for split, count in report.splits.items()))
    if report.classes:
        typer.echo("classes: " + ", ".join(f"{count} {name}" for name, count in report.classes.items()))
    _print_oddities(report)
    for id_, error in report.failed.items():
        _complain(f"{id_} failed: {error}", colour="red")
    skipped = len(report.failed) + len(report.absent)
    if skipped:
        _complain(f"{skipped} skipped", colour="red")


def _print_oddities(report: Prepared) -> None:
    """Say what the user may not expect."""
    from hooke.labels.spelling import spelled_alike

    if report.left_out:
        _complain(f"{len(report.left_out)} left out, not in the list given: {listed(report.left_out, LISTED)}")
    if report.absent:
        remedy = "add them to the source, or take them off the list"
        _complain(f"{len(report.absent)} listed but not in the source: {listed(report.absent, LISTED)}; {remedy}")
    if report.straddling:
        _complain(f"{len(report.straddling)} groups lie in more than one split: {listed(report.straddling, LISTED)}")
    if report.name_groups:
        count = len(report.name_groups)
        _complain(
            f"{count} groups of images whose names begin alike lie in more than one split: "
            f"{listed(report.name_groups, LISTED)}; where each is of one patient, slide or movie, scores say little of "
            f"new ones: --group '{report.name_pattern}' keeps them together"
        )
    if report.copies:
        pairs = [f"{id_} of {other}" for id_, other in report.copies.items()]
        _complain(
            f"{len(pairs)} images are copies of images in another split: {listed(pairs, LISTED)}; scores on them say "
            "nothing of new images (hooke doctor finds near copies, too)"
        )
    if report.newer:
        _complain(
            f"{len(report.newer)} files of the source changed after the data set was made: "
            f"{listed(report.newer, LISTED)}; images that were there are as before: --overwrite makes them again"
        )
    if report.others:
        _complain(
            f"{len(report.others)} images of earlier runs, which this source does not have, stay in the data set: "
            f"{listed(report.others, LISTED)}"
        )
    if report.empty:
        _complain("no image has a nucleus: check the label images")
    for names in spelled_alike(report.classes):
        _complain(f"{' and '.join(map(repr, names))} are different classes here; --class OLD=NEW makes one of them")
    if report.unknown_classes:
        _complain(f"no image has a nucleus of class: {listed(report.unknown_classes, LISTED)}")
    empty = [split for split, count in report.splits.items() if not count]
    if empty:
        _complain(f"no images for {' and '.join(empty)}: too few groups, or none requested")
    for oddity, counts in report.oddities.items():
        _complain(f"{sum(counts.values())} {oddity}, in {len(counts)} images: {listed(list(counts), LISTED)}")


def _complain(message: str, colour: str = "yellow") -> None:
    typer.secho(f"hooke: {message}", fg=colour, err=True)
