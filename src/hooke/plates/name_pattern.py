"""Reads positions on a plate from file names by a pattern that the user gives."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import PurePath

from hooke.errors import ConfigError
from hooke.plates.position import Position
from hooke.plates.well import Well, row_number

_FIELDS = ("plate", "well", "row", "column", "site", "channel", "plane", "time", "condition", "replicate")
_NUMBERS = {"column": r"\d+", "row": r"\d+|[A-Za-z]{1,2}", "well": r"[A-Za-z]{1,2}[-_ ]?\d{1,3}"}


def compile_pattern(pattern: str) -> Callable[[PurePath], Position | None]:
    """Make a reader of names such as ``{condition}/{plate}_{well}_{site}_*``.

    Parameters
    ----------
    pattern : str
        The end of the path, with ``/`` between folders, without the suffix: ``{well}``, or ``{row}`` and ``{column}``,
        and any of plate, site, channel, plane, time, condition and replicate in braces; ``*`` is any text.

    Raises
    ------
    ConfigError
        When it names no well, an unknown field, or one twice.

    Examples
    --------
    >>> read = compile_pattern("{condition}/day2-{well}-{site}")
    >>> found = read(PurePath("data/control/day2-C7-x3.tif"))
    >>> found.condition, found.well.name, found.site
    ('control', 'C07', 'x3')
    """
    parts = re.split(r"\{(\w*)\}", pattern)
    names = parts[1::2]
    for name in names:
        if name not in _FIELDS:
            raise ConfigError(f"{{{name}}} in {pattern!r} is unknown", remedy=f"use one of {', '.join(_FIELDS)}")
        if names.count(name) > 1:
            raise ConfigError(f"{{{name}}} stands twice in {pattern!r}", remedy="name each part once; * is any text")
    if "well" not in names and not {"row", "column"} <= set(names):
        raise ConfigError(f"{pattern!r} names no well", remedy="write {well}, or {row} and {column}, where it stands")
    text = "".join(
        f"(?P<{part}>{_NUMBERS.get(part, '[^/]+?')})" if odd else re.escape(part).replace(r"\*", "[^/]*")
        for part, odd in zip(parts, [False, True] * len(parts), strict=False)
    )
    expression = re.compile(f"(?:.*/)?{text}(?:\\.[A-Za-z0-9.]+)?", re.DOTALL)

    def read(path: PurePath) -> Position | None:
        found = expression.fullmatch(path.as_posix())
        return None if found is None else _position(found.groupdict())

    return read


def _position(values: dict[str, str]) -> Position | None:
    row, column, named = (values.pop(name, "") for name in ("row", "column", "well"))
    number = int(row) if row.isdecimal() else row_number(row) if row else 0
    well = Well.parse(named) if named else Well.at(number, int(column))
    return None if well is None else Position.from_parts(well, values)
