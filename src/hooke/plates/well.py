"""Defines the wells of a plate: their names, and the plates that they are on."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

#: Rows and columns of the plates that are made, by their number of wells (ANSI/SLAS 4-2004 for 96, 384 and 1536).
PLATES = {6: (2, 3), 12: (3, 4), 24: (4, 6), 48: (6, 8), 96: (8, 12), 384: (16, 24), 1536: (32, 48)}
_ROWS, _COLUMNS = PLATES[1536]
_NAME = re.compile(r"\s*([A-Za-z]|[Aa][A-Fa-f])\s*[-_:]?\s*0*([1-9][0-9]?)\s*")


@dataclass(frozen=True, order=True)
class Well:
    """A well of a plate.

    Parameters
    ----------
    row, column : int
        Counted from 0.

    Examples
    --------
    >>> Well.parse("b3"), Well(31, 47).name
    (Well(row=1, column=2), 'AF48')
    """

    row: int
    column: int

    @property
    def name(self) -> str:
        """Row letters and column number of two digits, such as ``A01``."""
        return f"{row_letters(self.row)}{self.column + 1:02d}"

    @classmethod
    def parse(cls, text: str) -> Well | None:
        """Read a name such as ``A1``, ``A01``, ``a-001`` or ``AF48``; None where it is not the name of a well."""
        found = _NAME.fullmatch(text)
        return None if found is None else cls.at(row_number(found[1]), int(found[2]))

    @classmethod
    def at(cls, row: int, column: int) -> Well | None:
        """The well in a row and column counted from 1; None where no plate has it."""
        return cls(row - 1, column - 1) if 1 <= row <= _ROWS and 1 <= column <= _COLUMNS else None


def row_letters(row: int) -> str:
    """Name a row counted from 0: A to Z, then AA to AF.

    Examples
    --------
    >>> row_letters(0), row_letters(25), row_letters(31)
    ('A', 'Z', 'AF')
    """
    return chr(ord("A") + row) if row < 26 else "A" + chr(ord("A") + row - 26)


def row_number(letters: str) -> int:
    """Count a row from 1 by its letters; 0 where they name none."""
    text = letters.upper()
    if len(text) == 2 and text[0] != "A":
        return 0
    return ord(text[-1]) - ord("A") + 1 + (26 if len(text) == 2 else 0)


def plate_shape(wells: Iterable[Well]) -> tuple[int, int]:
    """Rows and columns of the smallest plate that has these wells, of 24 at least.

    Examples
    --------
    >>> plate_shape([Well(0, 0), Well(7, 11)])
    (8, 12)
    """
    wells = list(wells)
    rows = max((well.row for well in wells), default=0)
    columns = max((well.column for well in wells), default=0)
    return next(shape for size, shape in PLATES.items() if size >= 24 and rows < shape[0] and columns < shape[1])
