"""Writes the warnings of an image as the text of one cell of a table, and takes that text apart again."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

_BETWEEN: Final = "; "
_INSIDE: Final = ", "  # in place of that within a warning, which would be cut in two


def join_warnings(warnings: Iterable[str]) -> str:
    """Write warnings as one text; empty ones are left out.

    Parameters
    ----------
    warnings : iterable of str

    Returns
    -------
    str
        `part_warnings` gives as many.

    Examples
    --------
    >>> join_warnings(["only plane 1 was read; name its axes", "", "low confidence"])
    'only plane 1 was read, name its axes; low confidence'
    """
    return _BETWEEN.join(warning.replace(_BETWEEN, _INSIDE) for warning in warnings if warning)


def part_warnings(text: str) -> list[str]:
    """List the warnings of a text that `join_warnings` wrote.

    Examples
    --------
    >>> part_warnings("only plane 1 was read, name its axes; low confidence")
    ['only plane 1 was read, name its axes', 'low confidence']
    """
    return [warning for warning in text.split(_BETWEEN) if warning]
