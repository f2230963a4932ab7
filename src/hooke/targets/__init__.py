"""Target schemes: what a network predicts of objects (`encode`), and how that becomes objects again (`decode`)."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from typing import Any

from hooke.errors import ModelError
from hooke.targets.coordinate import Coordinate
from hooke.targets.decoded import Decoded
from hooke.targets.scheme import HasDiameterMap, Scheme
from hooke.targets.splitline import SplitLine, equivalent_diameters

__all__ = [
    "SCHEMES",
    "Coordinate",
    "Decoded",
    "HasDiameterMap",
    "Scheme",
    "SplitLine",
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
        scheme = SCHEMES[name](**parameters)
    except TypeError as error:
        raise ModelError(f"target scheme {name!r} takes no such parameters: {error}", remedy="update hooke") from error
    _check_parameters(name, parameters, SCHEMES[name]())
    return scheme


def _check_parameters(name: str, parameters: Mapping[str, Any], usual: Scheme) -> None:
    """Refuse parameters of another type than the usual ones, and numbers that are not finite or not sizes."""
    for key, value in parameters.items():
        default = getattr(usual, key)
        if isinstance(default, str):
            fits = isinstance(value, str)
        elif default is None:
            numbers = value if isinstance(value, list | tuple) else [value]
            fits = value is None or (len(numbers) == 4 and all(map(_is_number, numbers)))
        else:
            fits = _is_number(value) and (key != "nominal_diameter" or 1 <= value <= 10_000)
        if not fits:
            raise ModelError(
                f"target scheme {name!r}: parameter {key} is {str(value)[:40]!r}", remedy="export the bundle again"
            )


def _is_number(value: Any) -> bool:
    """Whether it is a number of a size that parameters have."""
    return isinstance(value, int | float) and not isinstance(value, bool) and -1e6 < value < 1e6


def __getattr__(name: str) -> Any:
    if name == "TellsDiameter":
        warnings.warn("TellsDiameter is now called HasDiameterMap", DeprecationWarning, stacklevel=2)
        return HasDiameterMap
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
