"""Writes tables of results as csv in which spreadsheet programs run no text as a formula."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hooke.errors import readable
from hooke.io.atomic import atomic_path

if TYPE_CHECKING:
    import pandas as pd

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def write_table(table: pd.DataFrame, path: Path, **options: Any) -> None:
    """Write a table as csv in UTF-8: a text that a spreadsheet would take for a formula begins with ``'``.

    Parameters
    ----------
    table : DataFrame
    path : Path
    **options
        Of `DataFrame.to_csv`.

    Raises
    ------
    OutputError
        If it can't be written.
    """
    with atomic_path(path) as partial:
        _safe(table).to_csv(partial, index=False, **options)


def stream_table(tables: Iterable[pd.DataFrame], path: Path, **options: Any) -> None:
    """Write tables of the same columns as one, as `write_table` does, while they come."""
    with atomic_path(path) as partial, partial.open("w", newline="", encoding="utf-8") as file:
        for number, table in enumerate(tables):
            _safe(table).to_csv(file, index=False, header=number == 0, lineterminator="\n", **options)


def read_header(path: Path) -> list[str]:
    """Read the names of the columns of a table that hooke wrote; none of an empty file.

    Raises
    ------
    OSError, ValueError, csv.Error
        When it can't be read.
    """
    with path.open(newline="", encoding="utf-8") as file:
        return next(csv.reader(file), [])


def _safe(table: pd.DataFrame) -> pd.DataFrame:
    """The table with texts that run nothing."""
    safe = table.rename(columns=as_cell)
    texts = {str(name): safe[name].map(as_cell) for name, kind in safe.dtypes.items() if kind.kind not in "biufc"}
    return safe.assign(**texts)


def as_cell(value: Any) -> Any:
    r"""Give a value as a cell of a table: text that begins with = + - @ after ``'``, bytes that are not UTF-8 as \xe9.

    Examples
    --------
    >>> as_cell("=1+1"), as_cell("-"), as_cell(-1), as_cell("a=b")
    ("'=1+1", "'-", -1, 'a=b')
    """
    if not isinstance(value, str):
        return value
    text = readable(value)
    return f"'{text}" if text.startswith(_FORMULA) else text


def from_cell(text: str) -> str:
    """Give the text that `as_cell` made a cell of.

    Examples
    --------
    >>> from_cell("'=1+1"), from_cell("'s")
    ('=1+1', "'s")
    """
    return text[1:] if text.startswith("'") and text[1:].startswith(_FORMULA) else text
