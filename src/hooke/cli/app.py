"""The command line's frame: registers the commands, turns a `HookeError` into one line and an exit status."""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from typing import Annotated, ParamSpec

import typer

from hooke import __version__
from hooke.cli import (
    adapt,
    classify,
    compare,
    convert,
    data,
    demo,
    doctor,
    evaluate,
    explain,
    export,
    info,
    measure,
    merge,
    modality,
    models,
    prepare,
    pretrain,
    report,
    samples,
    segment,
    serve,
    submit,
    suggest,
    track,
    train,
    tune,
)
from hooke.cli.stopping import Stopped, in_order
from hooke.errors import DEBUG, HookeError, debugging

NOTHING_DONE = 2
STOPPED = 130  # by Ctrl-C

_P = ParamSpec("_P")


def _exiting(command: Callable[_P, int]) -> Callable[_P, None]:
    """Leave with the status that a command returns; print an error that the user can correct in one line."""
    # Lightning has its own way to end a training run in order.
    ending = nullcontext if command.__name__ in ("train", "pretrain", "adapt") else in_order

    @functools.wraps(command)
    def run(*args: _P.args, **kwargs: _P.kwargs) -> None:
        try:
            with ending():
                status = command(*args, **kwargs)
        except KeyboardInterrupt as stop:
            said = "; ".join(getattr(stop, "__notes__", []))
            typer.secho(f"hooke: stopped{f'; {said}' if said else ''}", fg="yellow", err=True)
            status = stop.status if isinstance(stop, Stopped) else STOPPED
        except HookeError as error:
            if debugging():
                raise
            typer.secho(f"hooke: {error}", fg="red", err=True)
            status = NOTHING_DONE
        raise typer.Exit(status)

    return run


# The panels of `hooke --help`, in the order in which a user meets them.
_PANELS: dict[str, tuple[Callable[..., int], ...]] = {
    "Find and measure": (
        segment.segment,
        merge.merge,
        measure.measure,
        report.report,
        demo.demo,
        convert.convert,
    ),
    "Follow through time": (track.track,),
    "On a page": (serve.serve,),
    "Check results": (evaluate.evaluate, compare.compare, submit.submit),
    "Data sets": (prepare.prepare, doctor.doctor, samples.samples, modality.modality),
    "Train": (suggest.suggest, tune.tune, train.train, adapt.adapt, pretrain.pretrain, export.export, explain.explain),
    "This installation": (info.info,),
}


def _root(
    version: Annotated[bool, typer.Option("--version", help="Print the version and stop.", is_eager=True)] = False,
) -> None:
    """Find every nucleus and cell in microscopy images, outline each and measure it."""
    if version:
        typer.echo(f"hooke {__version__}")
        raise typer.Exit


def _data() -> typer.Typer:
    group = typer.Typer(no_args_is_help=True, help="View hooke data sets.")
    group.command("show")(_exiting(data.show))
    return group


def _models() -> typer.Typer:
    group = typer.Typer(no_args_is_help=True, help="List, show, add and verify the models that are known by name.")
    for name, command in (
        ("list", models.list_models),
        ("show", models.show),
        ("add", models.add),
        ("verify", models.verify),
    ):
        group.command(name)(_exiting(command))
    return group


def _classify() -> typer.Typer:
    group = typer.Typer(
        cls=classify.ImagesOrTrain, no_args_is_help=True, help="Classify objects or images, or train a classifier."
    )
    group.command("images")(_exiting(classify.classify))
    group.command("train")(_exiting(classify.train))
    group.command("evaluate")(_exiting(classify.evaluate))
    return group


_GROUPS: dict[str, tuple[str, Callable[[], typer.Typer]]] = {
    "data": ("Data sets", _data),
    "models": ("This installation", _models),
    "classify": ("Find and measure", _classify),
}


def _make_app(only: str | None = None) -> typer.Typer:
    """Make the command line, with all commands or one: typer takes a quarter of a second to describe them all."""
    made = typer.Typer(
        name="hooke",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        rich_markup_mode="rich",
        context_settings={"help_option_names": ["-h", "--help"]},
        epilog="Exit status: 0 all good, 1 some images failed, 2 wrong usage or nothing done, 130 or 143 stopped. "
        "[bold]--debug[/] anywhere on the line shows the traceback of an error.",
    )
    for panel, commands in _PANELS.items():
        for command in commands:
            if only in (None, command.__name__):
                made.command(command.__name__, rich_help_panel=panel)(_exiting(command))
    for name, (panel, group) in _GROUPS.items():
        if only in (None, name):
            made.add_typer(group(), name=name, rich_help_panel=panel)
    made.callback(invoke_without_command=True)(_root)
    return made


app = _make_app()


def main(argv: list[str] | None = None) -> None:
    """Run the command line and leave the process with its exit status.

    Parameters
    ----------
    argv : list of str, optional
        Arguments without the program's name; those of the process by default.
    """
    args = list(sys.argv[1:] if argv is None else argv)
    if "--debug" in args:
        args = [arg for arg in args if arg != "--debug"]
        os.environ[DEBUG] = "1"
    if (empty := _first_empty(args)) is not None:
        remedy = "is a variable of the shell unset? A dot (.) names the working folder"
        typer.secho(f"hooke: {empty} is empty; {remedy}", fg="red", err=True)
        sys.exit(NOTHING_DONE)
    first = args[0] if args else ""
    known = (
        first == "--version"
        or first in _GROUPS
        or any(first == command.__name__ for panel in _PANELS.values() for command in panel)
    )
    (_make_app(first) if known else app)(args, prog_name="hooke", color=_colour_wish())


def _first_empty(args: Sequence[str]) -> str | None:
    """Say which argument is empty, which as a path would mean the working folder; None where none is."""
    for place, arg in enumerate(args):
        before = args[place - 1] if place else ""
        if not arg.strip():
            return before if before.startswith("-") else f"argument {place + 1}"
        if arg.startswith("--") and arg.endswith("="):
            return arg[:-1]
    return None


def _colour_wish() -> bool | None:
    """Whether the environment wants colours; None leaves it to each stream: a terminal gets them, a file does not."""
    if os.environ.get("NO_COLOR"):
        return False
    return True if os.environ.get("FORCE_COLOR") else None
