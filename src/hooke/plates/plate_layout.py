"""Reads which well had which condition from a table that people write: a row per well, or a grid like the plate."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from hooke.errors import ConfigError, listed
from hooke.io.tables import read_header, read_table
from hooke.plates.well import Well, row_letters, row_number

_KNOWN = ("well", "row", "column", "plate", "condition", "replicate")
#: A further column that says which wells are controls, and what it may hold, if anything.
CONTROL, NEGATIVE, POSITIVE = "control", "negative", "positive"
_REMEDY = (
    "give a column well (A01) and a column condition, with plate and replicate where there are any; "
    "or a grid with the columns 1, 2, 3... and the rows A, B, C..."
)


@dataclass(frozen=True)
class Treatment:
    """What was done to a well.

    Parameters
    ----------
    condition : str
        Empty where it is not stated.
    replicate : str
        Which repetition of the experiment; empty where wells themselves are the repetitions.
    others : mapping of str to str
        Further columns of the table, such as a dose.
    """

    condition: str = ""
    replicate: str = ""
    others: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class PlateLayout:
    """The treatments of the wells of one or more plates.

    Parameters
    ----------
    wells : mapping of (str, Well) to Treatment
        By plate and well; the plate is empty where the table names none, and it is then that of every plate.
    columns : tuple of str
        Names of `Treatment.others`.
    path : Path, optional
        The file.
    """

    wells: Mapping[tuple[str, Well], Treatment]
    columns: tuple[str, ...] = ()
    path: Path | None = None

    @property
    def plates(self) -> list[str]:
        """The plates that the table names."""
        return list(dict.fromkeys(plate for plate, _ in self.wells if plate))

    def find(self, plate: str, well: Well) -> Treatment | None:
        """What was done to a well; None where the table does not have it."""
        found = self.wells.get((plate, well))
        return self.wells.get(("", well)) if found is None else found


def read_layout(path: str | Path) -> PlateLayout:
    """Read a table of wells and conditions.

    Parameters
    ----------
    path : str or Path
        A csv with any separator: a row per well, with the columns ``well`` (or ``row`` and ``column``), ``condition``
        and, where needed, ``plate``, ``replicate``, ``control`` (``negative``, ``positive`` or empty) and others; or a
        grid, whose first column is A, B, C..., whose header is 1, 2, 3... and whose cells are conditions.

    Raises
    ------
    ConfigError
        When a well is not one, or stands there twice, or is another control than these.
    DatasetError
        When it is not a table, or a column is missing.
    """
    path = Path(path)
    header = read_header(path, _KNOWN)
    grid = [name for name in header[1:] if name]
    if grid and all(name.isdecimal() for name in grid):
        return _checked(_grid_lines(path, header), (), path)
    named = [name.casefold().strip() for name in header]
    where = ("row", "column") if "well" not in named and {"row", "column"} <= set(named) else ("well",)
    table = read_table(path, (*where, "condition"), ("plate", "replicate"), remedy=_REMEDY)
    others = tuple(str(name) for name in table.columns if name not in _KNOWN)
    table = table.fillna("")
    _check_controls(table, path)
    return _checked(_table_lines(table, where, others), others, path)


def _check_controls(table: pd.DataFrame, path: Path) -> None:
    """Refuse a control that is neither of the two: what was meant would be left out of the comparison."""
    for name in (name for name in table.columns if str(name).strip().casefold() == CONTROL):
        given = table[name].astype(str).str.strip()
        wrong = given[~given.str.casefold().isin(("", NEGATIVE, POSITIVE))]
        if len(wrong):
            found = listed([f"{value!r} in line {line}" for line, value in wrong.items()])
            remedy = f"write {NEGATIVE}, {POSITIVE} or nothing, or give the column another name"
            raise ConfigError(f"column {CONTROL!r} has {found}", path=path, remedy=remedy)


_Line = tuple[str, str, str, Treatment]  # where it stands in the file, plate, well, treatment


def _table_lines(table: pd.DataFrame, where: Sequence[str], others: Sequence[str]) -> Iterator[_Line]:
    for line, row in zip(table.index, table.to_dict("records"), strict=True):
        cells = {str(name): str(value).strip() for name, value in row.items()}
        well = cells["well"] if where == ("well",) else _joined(cells["row"], cells["column"])
        treatment = Treatment(cells["condition"], cells.get("replicate", ""), {name: cells[name] for name in others})
        yield f"line {line}", cells.get("plate", ""), well, treatment


def _joined(row: str, column: str) -> str:
    letters = row_letters(int(row) - 1) if row.isdecimal() and 1 <= int(row) <= 32 else row
    return f"{letters}{column}"


def _grid_lines(path: Path, header: Sequence[str]) -> Iterator[_Line]:
    """Wells of a grid that have a condition."""
    first = header[0] or "row"
    table = read_table(path).fillna("")
    for line, row in zip(table.index, table.to_dict("records"), strict=True):
        cells = [str(value).strip() for value in row.values()]
        letters = cells[0]
        if not letters and not any(cells[1:]):
            continue
        if not letters.isalpha() or not row_number(letters):
            cause = f"line {line} of the grid begins with {letters!r}, not with the letter of a row ({first})"
            raise ConfigError(cause, path=path, remedy=_REMEDY)
        for name, condition in zip(list(row)[1:], cells[1:], strict=True):
            if condition:
                yield f"line {line}", "", f"{letters}{name}", Treatment(condition)


def _checked(lines: Iterator[_Line], columns: tuple[str, ...], path: Path) -> PlateLayout:
    """Collect wells, and refuse what is not one or stands there twice."""
    wells: dict[tuple[str, Well], Treatment] = {}
    first: dict[tuple[str, Well], str] = {}
    wrong: list[str] = []
    double: list[str] = []
    for line, plate, name, treatment in lines:
        well = Well.parse(name)
        if well is None:
            wrong.append(f"{name or 'nothing'!r} in {line}")
            continue
        key = (plate, well)
        if key in wells:
            double.append(f"{f'{plate} ' if plate else ''}{well.name} in {first[key]} and {line}")
        wells[key], first[key] = treatment, line
    if wrong:
        raise ConfigError(f"no well of a plate: {listed(wrong)}", path=path, remedy="name wells A01 to AF48")
    if double:
        remedy = "keep one line for each well; if there are several plates, name them in a column plate"
        raise ConfigError(f"wells stand there twice: {listed(double)}", path=path, remedy=remedy)
    if not wells:
        raise ConfigError("names no well", path=path, remedy=_REMEDY)
    return PlateLayout(wells, columns, path)
