"""Old place of `hooke.datasets.simulate`, kept for programs that import it from here."""

from __future__ import annotations

import warnings
from typing import Any

from hooke.datasets.simulation import simulator


def __getattr__(name: str) -> Any:
    if name.startswith("_"):
        raise AttributeError(name)
    found = getattr(simulator, name)
    warnings.warn(f"import {name} from hooke.datasets", DeprecationWarning, stacklevel=2)
    return found
