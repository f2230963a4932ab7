"""Reads the settings of a run from a YAML file and the command line, and validates them."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError

from hooke.errors import ConfigError
from hooke.io.yaml_text import parse_yaml
from hooke.training.inputs import locate_paths

_Model = TypeVar("_Model", bound=BaseModel)


def read_settings(
    path: str | Path,
    model: type[_Model] | Callable[[dict[str, Any]], type[_Model]],
    overrides: Mapping[str, Any] | None = None,
    *,
    like: str,
    paths: Sequence[str] = (),
) -> _Model:
    """Read a configuration.

    Parameters
    ----------
    path : str or Path
        YAML file.
    model : type of pydantic model, or a function that chooses it from what was read
        What it must fit; keys that the model does not know are refused where it forbids them.
    overrides : mapping, optional
        Dotted keys and their values, such as ``{"augment.wide": 0.2}``; a number steps into a list.
    like : str
        A file that shows how to do it, for the errors.
    paths : sequence of str
        Dotted keys whose values are paths: see `hooke.training.inputs`. Those of `overrides` are typed by hand, and
        taken from the working directory.

    Raises
    ------
    ConfigError
        When the file can't be read, a key is unknown (the nearest known one is named) or a value does not fit.
    """
    raw = _read(Path(path), remedy=f"give a file like {like}")
    locate_paths(raw, paths, Path(path).parent)
    for key, value in (overrides or {}).items():
        _set(raw, key.split("."), value)
    chosen: type[_Model] = model if isinstance(model, type) else model(raw)
    try:
        return chosen.model_validate(raw)
    except ValidationError as error:
        raise ConfigError("; ".join(_explain(problem, chosen) for problem in error.errors()), path=path) from error


def _read(path: Path, remedy: str) -> dict[str, Any]:
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise ConfigError(f"can't be read: {error.strerror}", path=path, remedy=remedy) from error
    return parse_yaml(raw, path, error=ConfigError)


def _set(tree: dict[str, Any], keys: list[str], value: Any) -> None:
    branch: Any = tree
    try:
        for key in keys[:-1]:
            branch = branch[int(key)] if isinstance(branch, list) else branch.setdefault(key, {})
        branch[int(keys[-1]) if isinstance(branch, list) else keys[-1]] = value
    except (AttributeError, IndexError, TypeError, ValueError) as error:
        raise ConfigError(
            f"no setting {'.'.join(keys)!r}", remedy="name it as in the file, such as augment.wide"
        ) from error


def _explain(error: Any, model: type[BaseModel]) -> str:
    where = ".".join(str(part) for part in error["loc"])
    if error["type"] != "extra_forbidden":
        return f"{where}: {error['msg']}"
    near = difflib.get_close_matches(str(error["loc"][-1]), list(_keys(model)), n=1)
    return f"unknown key {where!r}" + (f", did you mean {near[0]!r}?" if near else "")


def _keys(model: type[BaseModel]) -> Iterator[str]:
    """Names of a model's fields, and of those of the models within it."""
    for name, field in model.model_fields.items():
        yield name
        for part in (field.annotation, *get_args(field.annotation)):
            if isinstance(part, type) and issubclass(part, BaseModel):
                yield from _keys(part)
