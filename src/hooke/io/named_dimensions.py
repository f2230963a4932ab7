"""Reads axes and channel names from arrays that name their dimensions, as xarray's do and those that bioio gives."""

from __future__ import annotations

from typing import Any

#: Axes by the names of dimensions.
_AXES = {
    **{letter: letter.upper() for letter in "tzcyxs"},
    **{"time": "T", "frame": "T", "depth": "Z", "plane": "Z", "channel": "C", "channels": "C", "band": "C"},
    **{"row": "Y", "rows": "Y", "height": "Y", "column": "X", "columns": "X", "width": "X"},
    **{"sample": "S", "samples": "S", "rgb": "S", "rgba": "S"},
}


def named_axes(array: Any) -> str | None:
    """One letter per dimension of an array that names them; None where it doesn't, or a name is not known.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> named_axes(SimpleNamespace(dims=("channel", "y", "x"))), named_axes(SimpleNamespace(dims=("a", "b")))
    ('CYX', None)
    """
    dims = getattr(array, "dims", None)
    if not isinstance(dims, tuple) or not all(isinstance(name, str) for name in dims):
        return None
    letters = [_AXES.get(name.lower(), "") for name in dims]
    return "".join(letters) if all(letters) and len(set(letters)) == len(letters) else None


def channel_names(array: Any) -> tuple[str, ...]:
    """Names along the channels of such an array, where they are texts; empty for any other."""
    axes = named_axes(array) or ""
    if "C" not in axes:
        return ()
    coordinates = getattr(array, "coords", {})
    dimension = array.dims[axes.index("C")]
    values = coordinates[dimension].values.tolist() if dimension in coordinates else []
    return tuple(values) if all(isinstance(value, str) for value in values) else ()
