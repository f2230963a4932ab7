"""hooke finds every nucleus and cell in microscopy images, outlines each and measures it.

>>> import hooke
>>> hooke.segment("field.tif").table  # doctest: +SKIP
"""

from __future__ import annotations

import importlib
import os
from typing import Any

__version__ = "0.1.0"

# Names of earlier versions and what they are called now: they still work, with a warning.
_deprecated: dict[str, str] = {}


def _read_homes() -> dict[str, str]:
    """Package of each public name, from the lines ``from hooke.x import name as name`` of the stub beside this file."""
    stub: bytes = __loader__.get_data(f"{os.path.splitext(__file__)[0]}.pyi")  # noqa: PTH122 (pathlib is slow to import)
    words = [line.split() for line in stub.decode().splitlines() if line.startswith("from ")]
    return {name: package for _, package, _, _, _, name in words}


# Imported when first used, so that `import hooke` costs nothing.
_homes = _read_homes()

__all__ = ["__version__", *_homes]


def __getattr__(name: str) -> Any:
    if name in _deprecated:
        import warnings

        warnings.warn(f"hooke.{name} is now called hooke.{_deprecated[name]}", DeprecationWarning, stacklevel=2)
        name = _deprecated[name]
    if name in _homes:
        return getattr(importlib.import_module(_homes[name]), name)
    raise AttributeError(f"module 'hooke' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
