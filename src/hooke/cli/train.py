"""`hooke train`: a configuration in, a run folder with checkpoints, curves and pictures out."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from hooke.errors import ConfigError

__all__ = ["train", "training_half"]


def train(
    config: Annotated[Path, typer.Argument(help="YAML file that describes the run, such as configs/nuclei.yaml.")],
    run: Annotated[
        Path | None,
        typer.Option("--out", "-o", metavar="RUN", help="Folder of the run; runs/<name of the configuration> if none."),
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Override a setting; may be given again for others."),
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the run in the folder.")] = False,
) -> int:
    r"""Train a network on hooke data sets.

    Needs the training half: [bold]pip install 'hooke\[train]'[/].

    [bold]Examples[/]

    hooke train configs/nuclei.yaml

    hooke train configs/nuclei.yaml -o runs/short --set steps=500 --set augment.wide=0.2

    hooke train configs/nuclei.yaml --resume
    """
    from hooke.training.config import load_config

    loaded = load_config(config, parse_settings(settings or []))
    run = run or Path("runs") / loaded.name
    with training_half():
        from hooke.training.loop import train as train_network

        best = train_network(loaded, run, resume=resume)
    typer.echo(f"best checkpoint: {best}")
    typer.echo(f"make a model of it with: hooke export {run} -o BUNDLE")
    return 0


def parse_settings(settings: list[str]) -> dict[str, Any]:
    """Turn settings as typed into dotted keys and values.

    Raises
    ------
    ConfigError
        If one is not of the form ``key=value``, or its value is no YAML.

    Examples
    --------
    >>> parse_settings(["steps=500", "augment.diameter=[10, 40]", "encoder_weights=none"])
    {'steps': 500, 'augment.diameter': [10, 40], 'encoder_weights': 'none'}
    """
    import yaml

    parsed = {}
    for setting in settings:
        key, equals, value = setting.partition("=")
        if not (key and equals):
            raise ConfigError(f"--set {setting!r} is not KEY=VALUE", remedy="write such as: --set augment.wide=0.2")
        try:
            parsed[key] = yaml.safe_load(value)
        except yaml.YAMLError as error:
            raise ConfigError(
                f"--set {key}: {value!r} can't be read as YAML",
                remedy="write a number, a word or a list such as [1, 2]",
            ) from error
    return parsed


@contextmanager
def training_half() -> Iterator[None]:
    """Run what needs the training half; say how to install it where a package is missing.

    Raises
    ------
    ConfigError
        If a package of others is not installed.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        if error.name and error.name.partition(".")[0] == "hooke":
            raise  # a fault of ours, which installing mends not
        raise ConfigError(
            f"training needs {error.name or error}, which is not installed", remedy="pip install 'hooke[train]'"
        ) from error
