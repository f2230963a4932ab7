"""`hooke train` trains a network and writes a run folder with checkpoints, curves and pictures."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from hooke.errors import ConfigError
from hooke.extras import how_to_install

# Options of every command that trains.
RunFolder = Annotated[
    Path | None,
    typer.Option(
        "--out", "-o", metavar="RUN", help="Folder of the run. Default: runs/NAME, with the configuration's name."
    ),
]
Settings = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Change a setting; repeatable."),
]
Resume = Annotated[bool, typer.Option("--resume", help="Continue the run in the folder.")]


def train(
    config: Annotated[
        Path | None,
        typer.Argument(
            metavar="CONFIG|FOLDER",
            help="YAML file that describes the run, such as configs/nuclei.yaml; or a folder of images and labels.",
        ),
    ] = None,
    run: RunFolder = None,
    parent: Annotated[
        str | None,
        typer.Option("--from", metavar="MODEL", help="With a FOLDER: the model whose weights are trained further."),
    ] = None,
    settings: Settings = None,
    resume: Resume = False,
    overfit: Annotated[
        int | None,
        typer.Option(metavar="N", help="Overfit N images, as a sanity check of data and configuration."),
    ] = None,
    fast_dev_run: Annotated[
        bool, typer.Option("--fast-dev-run", help="Two steps on a few images, to test that the configuration works.")
    ] = False,
    preview: Annotated[
        bool, typer.Option("--preview", help="Write a page of augmented images as the network will get them, and stop.")
    ] = False,
    list_: Annotated[bool, typer.Option("--list", help="List networks and encoders, and stop.")] = False,
) -> int:
    r"""Train a network on hooke data sets.

    Needs the training extra: [bold]pip install '.\[train]'[/] in a copy of hooke's repository.

    [bold]Examples[/]

    hooke train configs/nuclei.yaml

    hooke train configs/nuclei.yaml -o runs/short --set steps=500 --set augment.wide=0.2

    hooke train configs/nuclei.yaml --resume

    hooke train configs/nuclei.yaml --preview

    hooke train configs/nuclei.yaml --overfit 4

    hooke train my-labels/ --from nuclei -o my-model
    """
    if list_:
        return _list_networks()
    if config is None:
        raise ConfigError("no configuration given", remedy="name one: hooke train configs/nuclei.yaml")
    if config.is_dir() or parent is not None:
        if resume or overfit or fast_dev_run or preview:
            raise ConfigError("is for a configuration, not for a folder of labels", path=config, remedy=_ON_A_FOLDER)
        return _train_on_folder(config, parent, run, settings or [])
    with training_half():
        from hooke.io import parse_settings
        from hooke.training import sanity_checks
        from hooke.training.config import load_config
        from hooke.training.inputs import check_inputs
        from hooke.training.tasks import load_task
        from hooke.training.tasks import preview as write_preview

        loaded: Any = load_config(config, parse_settings(settings or []))
        check_inputs(loaded)
        run = run or Path("runs") / loaded.name
        typer.echo(f"{config}: loading PyTorch and the data of {loaded.name}")
        task = load_task(loaded.kind)
        if preview:
            page = write_preview(loaded, run.with_name(run.name + "-preview.html"))
            typer.echo(f"augmented images for the network: {page}")
            return 0
        if overfit:
            score = sanity_checks.overfit(loaded, overfit, run.with_name(run.name + "-overfit"))
            return _say_overfit(score, task.score_name, task.overfit_score)
        if fast_dev_run:
            score = sanity_checks.fast_dev_run(loaded)
            typer.echo(f"two steps and a validation worked; score {score:.3f}, which means nothing yet")
            return 0
        trained = task.train(loaded, run, resume=resume)
    for line in trained.lines():
        typer.echo(line)
    typer.echo(f"make a model of it with: hooke export {run} -o BUNDLE")
    return 0


_ON_A_FOLDER = "leave out --resume, --overfit, --fast-dev-run and --preview"
_FOR_FOLDERS = ("steps", "seed", "keep_share")


def _train_on_folder(folder: Path, parent: str | None, out: Path | None, settings: list[str]) -> int:
    """Train a model further on many labelled images, without a configuration, up to a bundle."""
    if not folder.is_dir():
        raise ConfigError(
            "--from is for a folder of labels", path=folder, remedy="write start_from into the configuration"
        )
    if out is None:
        raise ConfigError("no place for the model given", path=folder, remedy="name it: -o MODEL")
    with training_half():
        from hooke.cli.adapt import say_adapted
        from hooke.io import parse_settings
        from hooke.training import adapt

        chosen = parse_settings(settings)
        if unknown := sorted(set(chosen) - set(_FOR_FOLDERS)):
            known = ", ".join(_FOR_FOLDERS)
            raise ConfigError(f"no setting {unknown[0]!r} for a folder", remedy=f"known: {known}; or write a YAML file")
        typer.echo(f"{folder}: loading PyTorch")
        done = adapt(folder, out, parent=parent or "auto", many=True, say=typer.echo, **chosen)
    return say_adapted(done.lines(), done.notes, done.warnings, done.failed)


def _say_overfit(score: float, name: str, enough: float) -> int:
    """Say how well a few images were memorised."""
    if score > enough:
        typer.echo(f"memorised: {name} {score:.3f} on the images trained on")
        return 0
    typer.secho(
        f"not memorised: {name} only {score:.3f} on the images trained on; "
        "check the labels, the diameters and the learning rate; on a slow or busy machine, train longer",
        fg="red",
        err=True,
    )
    return 1


def _list_networks() -> int:
    with training_half():
        from hooke.training.networks import NETWORKS, TRIED_ENCODERS

        typer.echo("network:")
        for name, builder in NETWORKS.items():
            typer.echo(f"  {name:12} {(builder.__doc__ or '').splitlines()[0]}")
        typer.echo("encoder: any timm model with features at strides 2 to 32; tested:")
        for name in TRIED_ENCODERS:
            typer.echo(f"  {name}")
    return 0


@contextmanager
def training_half() -> Iterator[None]:
    """Run what needs the training extra; explain how to install it if a package is missing.

    Raises
    ------
    ConfigError
        If a package of others is not installed.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        if error.name and error.name.partition(".")[0] == "hooke":
            raise  # a bug in hooke; installing packages will not fix it
        raise ConfigError(
            f"training needs {error.name or error}, which is not installed", remedy=how_to_install("train")
        ) from error
