"""Import the public names of a package when they are first used, as listed in the stub beside its ``__init__.py``."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Callable, Mapping
from typing import Any


def attach_stub(
    package: str, deprecated: Mapping[str, str] | None = None
) -> tuple[Callable[[str], Any], Callable[[], list[str]], list[str]]:
    """Give a package its ``__getattr__``, ``__dir__`` and ``__all__``, as scientific-python's lazy_loader does.

    Parameters
    ----------
    package : str
        Name of the package whose ``__init__.py`` calls this. Its stub ``__init__.pyi`` lists every public name in a
        line ``from hooke.room import name as name``; editors and type checkers read the same lines.
    deprecated : mapping of str to str, optional
        Names of earlier versions and what they are called now; they still work, with a warning.
    """
    homes = _read_stub(package)

    def load(name: str) -> Any:
        if deprecated and name in deprecated:
            import warnings

            now = deprecated[name]
            warnings.warn(f"{package}.{name} is now called {package}.{now}", DeprecationWarning, stacklevel=2)
            name = now
        if name in homes:
            return getattr(importlib.import_module(homes[name]), name)
        raise AttributeError(f"module {package!r} has no attribute {name!r}")

    names = sorted(homes)
    return load, lambda: names, names


def _read_stub(package: str) -> dict[str, str]:
    """Module of each public name."""
    module = sys.modules[package]
    stub = os.path.splitext(str(module.__file__))[0] + ".pyi"  # noqa: PTH122  (pathlib takes long to import)
    text: bytes = module.__loader__.get_data(stub)  # type: ignore[union-attr]
    words = [line.split() for line in text.decode().splitlines() if line.startswith("from ")]
    return {name: home for _, home, _, _, _, name in words}
