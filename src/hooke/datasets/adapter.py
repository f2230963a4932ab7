"""Find the adapter of a public layout, and define what every adapter offers.

An adapter is a module of `hooke.datasets.adapters` with ``find(src) -> (root, entries)``, ``load(root, id) -> Sample``
and the line that registers it, ``TAKES = "what it takes, in one line"``. Its name on the command line is the module's.
"""

from __future__ import annotations

import difflib
import importlib
import inspect
import pkgutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any, Protocol, cast

import numpy as np
from numpy.typing import NDArray

import hooke.datasets.adapters
from hooke.datasets.layout import Entry
from hooke.errors import ConfigError, DatasetError
from hooke.labels.painter import Conflict
from hooke.labels.shape_layer import ShapeLayer


@dataclass(frozen=True)
class Sample:
    """One image, its labels and what was odd about them.

    Attributes
    ----------
    image : ndarray of bool, integer or float, shape (Y, X) or (Y, X, C)
        Grey, RGB or, where the layout allows it, other channels.
    labels : ndarray, int32, shape (Y, X)
        0 background, 1..n.
    oddities : mapping of str to int
        What was odd about the source and what was done about it, such as ``"specks dropped"``: how many.
    classes : mapping of int to str
        Class names of instances; an instance without one is left out. Renaming and ignoring classes is not the
        adapter's affair.
    conflicts : sequence of Conflict
        Masks that overlap and the like, as `hooke.labels.painter.paint` finds them.
    """

    image: NDArray[np.generic]
    labels: NDArray[np.int32]
    oddities: Mapping[str, int] = field(default_factory=dict)
    classes: Mapping[int, str] = field(default_factory=dict)
    conflicts: Sequence[Conflict] = ()

    @classmethod
    def from_shapes(cls, image: NDArray[np.generic], layer: ShapeLayer) -> Sample:
        """Paint the annotated shapes of an image."""
        painting = layer.paint()
        return cls(image, painting.labels, {**layer.notes, **painting.oddities}, painting.classes, painting.conflicts)


class Adapter(Protocol):
    """What a module of a public layout offers."""

    #: What it takes and which options it knows, in one line.
    TAKES: str

    def find(self, src: str | Path, **options: str) -> tuple[Any, list[Entry]]:
        """Find the root of the data and what the source says of its images.

        The root is the data's folder or anything else that `load` needs, such as a table that was read. Options are
        keyword arguments with a default, all strings; they come from ``--option NAME=VALUE``. Raises a `DatasetError`
        where the source as a whole can't be used; problems of single images are left to `load`.
        """

    def load(self, root: Any, id_: str) -> Sample:
        """Read one image and its labels; called from several threads. Raises a `HookeError` where it can't."""


def list_adapters() -> dict[str, str]:
    """Name every adapter, with the line that says what it takes; this imports them all."""
    modules = {name: _import(name) for name in _module_names()}
    return {name: module.TAKES for name, module in modules.items() if hasattr(module, "TAKES")}


def find_adapter(name: str) -> Adapter:
    """Import the adapter of a name, and no other.

    Raises
    ------
    ConfigError
        If there is none of this name.
    """
    module = _import(name) if name in _module_names() else None
    if not hasattr(module, "TAKES"):
        known = list_adapters()
        near = difflib.get_close_matches(name, known, n=1)
        guess = f"did you mean {near[0]}? " if near else ""
        raise ConfigError(f"no adapter {name!r}", remedy=f"{guess}choose one of: {', '.join(known)}")
    return cast("Adapter", module)


def find_source(adapter: Adapter, src: str | Path, options: Mapping[str, str]) -> tuple[Any, list[Entry]]:
    """Check the options, and let an adapter find its images.

    Raises
    ------
    ConfigError
        If the adapter knows no such option.
    DatasetError
        If the source is not there, or not what the adapter takes.
    """
    parameters = inspect.signature(adapter.find).parameters.values()
    known = [parameter.name for parameter in parameters if parameter.kind is parameter.KEYWORD_ONLY]
    for name in options:
        if name not in known:
            remedy = f"choose one of: {', '.join(known)}" if known else "leave it out"
            raise ConfigError(f"this layout has no option {name!r}", remedy=remedy)
    if not Path(src).exists():
        raise DatasetError("no such file or folder", path=src, remedy="give the data set as it was unpacked")
    return adapter.find(src, **options)


def _module_names() -> list[str]:
    return sorted(module.name for module in pkgutil.iter_modules(hooke.datasets.adapters.__path__))


def _import(name: str) -> ModuleType:
    return importlib.import_module(f"hooke.datasets.adapters.{name}")
