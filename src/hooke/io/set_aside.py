"""Moves files that a run did not make to where nothing replaces them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

from hooke.io.atomic import output_error

#: Folder within an output folder for files that runs would have replaced without having made them.
SET_ASIDE: Final = "replaced"


def set_aside(path: Path, out: Path, numbered: Callable[[int], str]) -> Path:
    """Move a file to the folder for such files.

    Parameters
    ----------
    path : Path
    out : Path
        The output folder.
    numbered : callable
        Gives a name with a number, from 2 on, for where the file's own name is taken.

    Returns
    -------
    Path
        Where it is now.

    Raises
    ------
    OutputError
        When it can't be moved.
    """
    target, number = out / SET_ASIDE / path.name, 1
    while target.exists():
        number += 1
        target = target.with_name(numbered(number))
    try:
        target.parent.mkdir(exist_ok=True)
        path.rename(target)
    except OSError as error:
        raise output_error(error, target) from error
    return target
