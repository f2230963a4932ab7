"""Refuses options on the command line that would have no effect."""

from __future__ import annotations

from collections.abc import Iterable

import typer


def is_given(context: typer.Context, name: str) -> bool:
    """Whether a parameter, by its name in Python, is given on the command line."""
    source = context.get_parameter_source(name)
    return source is not None and source.name == "COMMANDLINE"


def refuse_ignored(context: typer.Context, names: Iterable[str], why: str) -> None:
    """Refuse those of these options that are given.

    Parameters
    ----------
    context : Context
        Of the command.
    names : iterable of str
        Names of parameters in Python.
    why : str
        What follows their names in the message, such as ``"has no effect with --replay"``.

    Raises
    ------
    BadParameter
        If there are such.
    """
    given = [f"--{name.strip('_').replace('_', '-')}" for name in names if is_given(context, name)]
    if given:
        raise typer.BadParameter(why, param_hint=" and ".join(given))
