"""The command line's frame: registers the commands, turns a `HookeError` into one line and an exit status."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import click
import typer

from hooke import __version__
from hooke.cli import evaluate, prepare, segment
from hooke.errors import HookeError

__all__ = ["app", "main"]

OK, SOME_FAILED, NOTHING_DONE = 0, 1, 2

app = typer.Typer(
    name="hooke",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Exit status: 0 all good, 1 some images failed, 2 wrong usage or nothing done. "
    "[bold]--debug[/] anywhere on the line shows the traceback of an error.",
)
app.command("segment")(segment.segment)
app.command("evaluate")(evaluate.evaluate)
app.command("prepare")(prepare.prepare)


@app.callback(invoke_without_command=True)
def _root(
    version: Annotated[bool, typer.Option("--version", help="Print the version and stop.", is_eager=True)] = False,
) -> None:
    """Find every nucleus and cell in microscopy images, outline each and measure it."""
    if version:
        typer.echo(f"hooke {__version__}")
        raise typer.Exit


def main(argv: list[str] | None = None) -> None:
    """Run the command line and leave the process with its exit status.

    Parameters
    ----------
    argv : list of str, optional
        Arguments without the program's name; those of the process by default.
    """
    args = list(sys.argv[1:] if argv is None else argv)
    debug = "--debug" in args or bool(os.environ.get("HOOKE_DEBUG"))
    args = [arg for arg in args if arg != "--debug"]
    try:
        status = app(args, prog_name="hooke", standalone_mode=False)
    except HookeError as error:
        if debug:
            raise
        typer.secho(f"hooke: {error}", fg="red", err=True)
        status = NOTHING_DONE
    except click.exceptions.Abort:
        typer.secho("hooke: stopped", fg="red", err=True)
        status = 130
    except click.ClickException as error:
        error.show()
        status = NOTHING_DONE
    sys.exit(status or OK)
