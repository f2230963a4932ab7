"""Target schemes: the seam between networks and instances, each with `encode` and `decode` side by side."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from hooke.errors import ModelError
from hooke.targets.coordinate import Coordinate
from hooke.targets.scheme import Scheme, TellsDiameter
from hooke.targets.splitline import Decoded, SplitLine, equivalent_diameters

__all__ = [
    "SCHEMES",
    "Coordinate",
    "Decoded",
    "Scheme",
    "SplitLine",
    "TellsDiameter",
    "equivalent_diameters",
    "make_scheme",
]

SCHEMES: dict[str, Callable[..., Scheme]] = {SplitLine.name: SplitLine, Coordinate.name: Coordinate}


def make_scheme(name: str, parameters: Mapping[str, Any]) -> Scheme:
    """Build a scheme from its name and parameters, as a model bundle stores them.

    Raises
    ------
    ModelError
        For a scheme or a parameter that this version of hooke does not know.
    """
    if name not in SCHEMES:
        raise ModelError(f"unknown target scheme {name!r}", remedy=f"known schemes: {', '.join(sorted(SCHEMES))}")
    try:
        return SCHEMES[name](**parameters)
    except TypeError as error:
        raise ModelError(f"target scheme {name!r} takes no such parameters: {error}", remedy="update hooke") from error
