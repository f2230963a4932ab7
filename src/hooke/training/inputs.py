"""Finds the files that a configuration names, with an error for the first that is missing.

A relative path in a configuration is searched next to the configuration's file first, then in the working directory.
Nothing here imports PyTorch, so that what is missing is said at once.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hooke.datasets.layout import INDEX_NAME
from hooke.errors import ConfigError, DatasetError
from hooke.io.tables import read_text

#: Networks of shipped models that a run can start from by name: the model, and the network's place in its bundle.
STARTS = {
    "nuclei": ("nuclei", "."),
    "nuclei-colour": ("nuclei", "colour"),
    "cells": ("cells", "."),
    "micronuclei": ("micronuclei", "."),
}

#: Values in place of a path to weights.
_BY_NAME = {"none", "imagenet", *STARTS}

_RULE = "a relative path is searched next to the configuration, then in the working directory"


def shipped_start(start: Path) -> Path | None:
    """The bundle that a run starts from by name; None for a file."""
    from hooke.models import known_models

    if (start_at := STARTS.get(str(start))) is None:
        return None
    model, place = start_at
    return known_models()[model] / place


def locate_paths(raw: dict[str, Any], keys: Sequence[str], folder: Path) -> None:
    """Replace relative paths by those next to the configuration, if something is there; in place.

    Parameters
    ----------
    raw : dict
        As read from the file, not checked yet.
    keys : sequence of str
        Dotted; ``*`` stands for each item of a list.
    folder : Path
        Of the configuration.
    """
    for key in keys:
        _locate(raw, key.split("."), folder)


def _locate(branch: Any, keys: list[str], folder: Path) -> None:
    if isinstance(branch, list) and keys[0] == "*":
        places: Any = range(len(branch))
    elif isinstance(branch, dict) and keys[0] in branch:
        places = [keys[0]]
    else:
        return
    for place in places:
        if len(keys) > 1:
            _locate(branch[place], keys[1:], folder)
        elif isinstance(branch[place], str) and branch[place] not in _BY_NAME:
            branch[place] = _beside(branch[place], folder)


def _beside(given: str, folder: Path) -> str:
    if not given or Path(given).is_absolute() or given.startswith("~"):
        return given
    pattern = any(sign in given for sign in "*?[")
    # os.path says False of a name that no file system takes, too.
    there = next(folder.glob(given), None) is not None if pattern else os.path.exists(folder / given)  # noqa: PTH110
    return os.fspath(folder / given) if there else given


def check_inputs(config: Any) -> None:
    """Refuse a run whose data sets, list of excluded ids or weights are not there.

    Parameters
    ----------
    config : RunConfig or PretrainConfig

    Raises
    ------
    DatasetError, ConfigError
        Naming the first that is missing.
    """
    for dataset in getattr(config, "datasets", []):
        check_dataset(dataset.path)
    for given in getattr(config, "images", []):
        if not any(sign in given for sign in "*?[") and not Path(given).expanduser().exists():
            raise DatasetError("no such images", path=given, remedy=f"correct images; {_RULE}")
    read_exclusions(config.exclude)
    for name in ("start_from", "encoder_weights"):
        given = str(getattr(config, name, None) or "none")
        if given not in _BY_NAME and not Path(given).is_file():
            words = ", ".join(STARTS) if name == "start_from" else "imagenet, none"
            raise ConfigError(
                f"{name}: no such file", path=given, remedy=f"give a file of weights, or {words}; {_RULE}"
            )


def read_exclusions(path: Path | None) -> set[str]:
    """Read the ids of images never to be used, one a line; what follows a ``#`` is left out.

    Raises
    ------
    DatasetError
        When there is no such file.
    """
    if path is None:
        return set()
    if not path.is_file():
        remedy = f"correct exclude, or leave it out; {_RULE}"
        raise DatasetError("no such list of excluded ids", path=path, remedy=remedy)
    return {line.split("#")[0].strip() for line in read_text(path).splitlines()} - {""}


def check_dataset(folder: Path) -> None:
    """Refuse a folder that is not a hooke data set.

    Raises
    ------
    DatasetError
    """
    if not (folder / INDEX_NAME).is_file():
        missing = f"{INDEX_NAME} is missing" if folder.is_dir() else "there is no such folder"
        raise DatasetError(f"no hooke data set here ({missing})", path=folder, remedy=f"run hooke prepare; {_RULE}")
