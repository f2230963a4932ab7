"""Finds readers of microscopes' own formats: hooke's, each with the package of its format, and those of other packages.

A package adds one by an entry point of the group ``hooke.readers``: its name is the suffix without the dot, and what it
names is a function that follows `Reader`.
"""

from __future__ import annotations

import importlib
import importlib.util
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Protocol

from hooke.errors import ImageReadError
from hooke.extras import how_to_install
from hooke.io.image_file import ImageFile

GROUP = "hooke.readers"
# Suffix: the package that reads it, and the module and function here.
_OWN = {
    ".czi": ("pylibCZIrw", "hooke.io.vendor_czi", "open_czi"),
    ".nd2": ("nd2", "hooke.io.vendor_nd2", "open_nd2"),
    ".lif": ("liffile", "hooke.io.vendor_lif", "open_lif"),
}


class Reader(Protocol):
    """Opens a file of one format, as `hooke.io.open_image` does; raises `ImageReadError` where it can't."""

    def __call__(self, path: Path, axes: str | None, /, *, scene: str | None, level: int) -> ImageFile:
        """Open it."""


def has_reader(suffix: str) -> bool:
    """Whether files of a suffix can be read: its package is installed."""
    suffix = suffix.lower()
    if suffix in _added():
        return True
    return suffix in _OWN and _is_installed(_OWN[suffix][0])


def how_to_read(suffix: str) -> str | None:
    """How to get what reads files of a suffix, where hooke knows a package; None for others."""
    own = _OWN.get(suffix.lower())
    return None if own is None else f"install {own[0]} ({how_to_install('vendor')})"


def find_reader(path: Path) -> Reader | None:
    """Give the reader of a file by its suffix; None where there is none, or no file at the path.

    Raises
    ------
    ImageReadError
        When the reader itself can't be loaded.
    """
    suffix = path.suffix.lower()
    if not has_reader(suffix) or not path.is_file():
        return None
    try:
        if suffix in _added():
            loaded: Reader = _added()[suffix].load()
            return loaded
        _, module, function = _OWN[suffix]
        own: Reader = getattr(importlib.import_module(module), function)
        return own
    except Exception as error:  # of a package of somebody else
        raise ImageReadError(
            f"its reader can't be loaded: {error}", path=path, remedy=f"install the package that reads {suffix} again"
        ) from error


@cache
def _added() -> dict[str, EntryPoint]:
    """Entry points of other packages, by suffix; the first of two wins."""
    found: dict[str, EntryPoint] = {}
    for point in entry_points(group=GROUP):
        found.setdefault(f".{point.name.lower().lstrip('.')}", point)
    return found


@cache
def _is_installed(package: str) -> bool:
    return importlib.util.find_spec(package) is not None
