"""Puts bundles into the user's own folder, where they are known by name."""

from __future__ import annotations

import re
import shutil
import uuid
from pathlib import Path

from hooke.errors import ConfigError, OutputError
from hooke.io.atomic import output_error
from hooke.models.registry import known_models, own_folder, shipped_models
from hooke.models.verification import verify_model

_NAME = re.compile(r"[A-Za-z0-9][\w-]*")


def add_model(bundle: str | Path, name: str | None = None, *, overwrite: bool = False) -> Path:
    """Verify a bundle and copy it into the user's own folder, so that its name is enough from then on.

    Parameters
    ----------
    bundle : str or Path
        Folder or zip of a model for any task.
    name : str, optional
        Letters, digits, ``-`` and ``_``. That of the file when not given.
    overwrite : bool
        Whether a model of this name is replaced.

    Returns
    -------
    Path
        Where it is now: in the folder that the environment variable ``HOOKE_MODELS`` names, else ``~/.hooke/models``.

    Raises
    ------
    ModelError
        When the bundle is missing, damaged, or does not give its own test output.
    ConfigError
        When the name can't be used, or is a shipped model's.
    OutputError
        When there is a model of this name already, or the folder can't be written to.
    """
    source = Path(bundle)
    if not source.exists():
        raise ConfigError("no such model bundle", path=source, remedy="give a folder or zip written by hooke export")
    name = source.stem if name is None else name
    _check_name(name)
    verify_model(source.resolve())
    folder = own_folder()
    if folder is None:
        raise ConfigError("no folder for models", remedy="name one in the environment variable HOOKE_MODELS")
    there = [path for path in (folder / name, folder / f"{name}.zip") if path.exists()]
    target = folder / (name if source.is_dir() else f"{name}.zip")
    if source.resolve() in [path.resolve() for path in there]:
        return target
    if there and not overwrite:
        raise OutputError("a model of this name is there", path=there[0], remedy="give --name, or --overwrite")
    _copy_in(source, target, there)
    return target


def check_new_name(name: str, *, overwrite: bool = False) -> None:
    """Refuse, before it is made, a model that `add_model` would not take by its name.

    Raises
    ------
    ConfigError
        When the name can't be used, is a shipped model's, or is there already.
    """
    if not _NAME.fullmatch(name):
        raise ConfigError(f"a model can't be named {name!r}", remedy="use letters, digits, - and _")
    if name in shipped_models():
        raise ConfigError(f"{name} is a model that came with hooke", remedy="choose another name")
    if not overwrite and name in known_models():
        raise ConfigError(f"there is a model named {name}", remedy="choose another name, or let it be replaced")


def _copy_in(source: Path, target: Path, replaced: list[Path]) -> None:
    """Copy under a hidden name that becomes the target's when complete; what it replaces stays until then."""
    hidden = target.with_name(f".hooke-{uuid.uuid4().hex[:12]}.part")
    put_aside = {path: hidden.with_name(f"{hidden.name}.{number}") for number, path in enumerate(replaced)}
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(source, hidden) if source.is_dir() else shutil.copyfile(source, hidden)
        for path, aside in put_aside.items():
            path.rename(aside)
        hidden.rename(target)
    except OSError as error:
        for path, aside in put_aside.items():
            if aside.exists() and not path.exists():
                aside.rename(path)
        raise output_error(error, target) from error
    finally:
        for left in (hidden, *put_aside.values()):
            _remove(left)


def _check_name(name: str) -> None:
    if not _NAME.fullmatch(name):
        raise ConfigError(f"a model can't be named {name!r}", remedy="give --name with letters, digits, - and _")
    if name in shipped_models():
        raise ConfigError(f"{name} is a model that came with hooke", remedy="give it another name with --name")


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
