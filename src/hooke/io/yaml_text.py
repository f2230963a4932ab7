"""Reads YAML from users, and reports everything that can be wrong with it as one kind of error."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from hooke.errors import ConfigError, HookeError, ModelError

_MOST_BYTES = 1 << 19  # descriptions are some kilobytes; PyYAML takes seconds for a megabyte
_MOST_VALUES = 50_000
_QUICK_BYTES = 1 << 16
_QUICK_NESTING = 2000


def parse_yaml(raw: bytes, path: str | Path, name: str = "", *, error: type[HookeError] = ModelError) -> dict[str, Any]:
    """Read a mapping from YAML.

    Aliases count as often as they are used, so that a text of a few lines can't stand for millions of values.

    Parameters
    ----------
    raw : bytes
        The text, in UTF-8.
    path : str or Path
        The file, to name it.
    name : str
        The part of it that is meant, to name that.
    error : type of HookeError
        What to raise.

    Raises
    ------
    HookeError
        Of the type `error`, if it is too long, not YAML, or not a mapping.

    Examples
    --------
    >>> parse_yaml(b"a: [1, 2]", "a.yaml")
    {'a': [1, 2]}
    """
    remedy = "copy or export it again"
    what = name or "the file"
    if len(raw) > _MOST_BYTES:
        raise error(f"{what} is {len(raw)} bytes long, too long for a description", path=path, remedy=remedy)
    try:
        read = yaml.load(raw.decode("utf-8"), _loader(raw))
    except (
        yaml.YAMLError,
        ValueError,
        RecursionError,
        TypeError,
        AttributeError,
        LookupError,
        ArithmeticError,
    ) as cause:
        # PyYAML lets through what it stumbles on in dates, numbers and nesting.
        text = " ".join(str(cause).split())[:200] or type(cause).__name__
        raise error(f"{what} can't be parsed: {text}", path=path, remedy=remedy) from cause
    if not isinstance(read, dict):
        raise error(f"{what} holds no description", path=path, remedy=remedy)
    if _count(read) > _MOST_VALUES:
        raise error(f"{what} unfolds to more than {_MOST_VALUES} values", path=path, remedy=remedy)
    return read


def _loader(raw: bytes) -> type[yaml.SafeLoader | yaml.CSafeLoader]:
    """Choose the parser: libyaml's, seven times as fast, but it ends the process where a text nests too deeply.

    Nesting takes an indicator for each level, or, by indentation alone, a number of bytes that grows with its square.
    """
    nested = sum(raw.count(indicator) for indicator in (b"[", b"{", b"- ", b"? ", b"-\t", b"?\t"))
    quick = yaml.__with_libyaml__ and len(raw) <= _QUICK_BYTES and nested <= _QUICK_NESTING
    return yaml.CSafeLoader if quick else yaml.SafeLoader


def _count(value: Any) -> int:
    """Number of values in a tree, up to a little more than the most allowed; a tree that holds itself has them all."""
    waiting, seen = [value], 0
    while waiting and seen <= _MOST_VALUES:
        value = waiting.pop()
        seen += 1
        if isinstance(value, dict):
            waiting.extend(value.values())
        elif isinstance(value, list | tuple | set):
            waiting.extend(value)
    return seen


def parse_settings(settings: list[str]) -> dict[str, Any]:
    """Turn settings as typed into dotted keys and values.

    Raises
    ------
    ConfigError
        If one is not of the form ``key=value``, or its value is not YAML.

    Examples
    --------
    >>> parse_settings(["steps=500", "augment.diameter=[10, 40]", "encoder_weights=none"])
    {'steps': 500, 'augment.diameter': [10, 40], 'encoder_weights': 'none'}
    """
    parsed = {}
    for setting in settings:
        key, equals, value = setting.partition("=")
        if not (key and equals):
            raise ConfigError(f"--set {setting!r} is not KEY=VALUE", remedy="write such as: --set augment.wide=0.2")
        try:
            parsed[key] = yaml.safe_load(value)
        except (yaml.YAMLError, ValueError, RecursionError) as error:  # also of dates and numbers
            raise ConfigError(
                f"--set {key}: {value!r} can't be read as YAML",
                remedy="write a number, a word or a list such as [1, 2]",
            ) from error
    return parsed
