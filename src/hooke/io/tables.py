"""Reads tables in any separator and encoding that spreadsheet programs write, also with decimal commas.

Spreadsheets write semicolons where the decimal sign is a comma, tabs as "Unicode text" (UTF-16), and the encoding of
the system. They add blanks, blank lines and columns, and a first line ``sep=;``. All of that is understood here.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
import warnings
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from hooke.errors import DatasetError
from hooke.io.spreadsheet import from_cell

if TYPE_CHECKING:
    import pandas as pd

#: Suffixes of tables of separated values.
TABLE_SUFFIXES = frozenset({".csv", ".tsv", ".txt"})
#: Columns of the tables of a run that are texts, those of digits too: an image may be called 001 or 1E3.
OWN_TEXTS = ("image", "class", "folder", "suffix")
_SEPARATORS = ",;\t"
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_HEAD = 1 << 20  # characters in which a header ends
_WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")  # xlsx and ods, xls
_SPARE = "\x00beyond the header"  # a column for what stands right of the header's columns
_SEPARATOR_LINE = re.compile(r"sep=(.)\s*")
_COMMA_NUMBER = r"[+-]?\d+,\d+(?:[eE][+-]?\d+)?"
_POINT_NUMBER = r"[+-]?\d*\.\d+(?:[eE][+-]?\d+)?"
_THOUSANDS = r"[+-]?\d{1,3}(?:,\d{3})+"
_TEXT_REMEDY = "save it as text in UTF-8"


def read_text(path: str | Path) -> str:
    """Read a text in UTF-8, UTF-16 or UTF-32, or else in Windows' western encoding (cp1252).

    Raises
    ------
    DatasetError
        If it can't be read, or is not a text.
    """
    return _read(path)[0]


def _read(path: str | Path) -> tuple[str, str]:
    """Read a text; return it with its encoding."""
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        raise DatasetError(f"can't be read ({error.strerror})", path=path, remedy="check the file") from error
    return _decode(data, path)


def read_header(path: str | Path, known: Sequence[str] = ()) -> list[str]:
    """Read the names of a table's columns alone; those known by name are found as `read_table` finds them.

    Raises
    ------
    DatasetError
        If it is not a text, or one of these columns is there twice.
    """
    return _names(_layout(read_text(path), known).header, known, path)


def read_table(
    path: str | Path,
    columns: Sequence[str] = (),
    optional: Sequence[str] = (),
    *,
    texts: Collection[str] | None = None,
    remedy: str = "",
) -> pd.DataFrame:
    """Read a table whose values are separated by commas, semicolons or tabs.

    Parameters
    ----------
    path : str or Path
        The file.
    columns : sequence of str
        Columns that must be there. These and the optional ones are found in any case and with blanks around them, and
        get the name given here.
    optional : sequence of str
        Further columns to know by name.
    texts : collection of str, optional
        Columns that stay text; all others become numbers where each of their values is one. By default all columns
        stay text.
    remedy : str
        What to do about a table without these columns.

    Returns
    -------
    DataFrame
        A row per line, indexed by its number in the file; lines and nameless columns without a value are left out.
        Texts have no blanks around them nor the ``'`` that `hooke.io.spreadsheet` puts before ``=``, and are empty
        where the table is; numbers are NaN there.

    Raises
    ------
    DatasetError
        If it can't be read, a column is missing or there twice, or a line has more values than the header has columns.
    """
    import pandas as pd

    remedy = remedy or (f"give the columns {', '.join(columns)}" if columns else "save it as a csv file")
    text, encoding = _read(path)
    layout = _layout(text, (*columns, *optional))
    del text  # pandas reads the file itself: a table of a plate's cells is large
    if not layout.header:
        raise DatasetError("the table is empty", path=path, remedy=remedy)
    names = _names(layout.header, (*columns, *optional), path)
    missing = [name for name in columns if name not in names]
    if missing:
        there = ", ".join(name for name in layout.header if name) or "none"
        raise DatasetError(f"column {missing[0]!r} is missing", path=path, remedy=f"{remedy}; there are {there}")
    kept = names if texts is None else [name for name in names if name in texts]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", pd.errors.DtypeWarning)
            table = pd.read_csv(
                path,
                encoding=encoding,
                compression=None,
                sep=layout.separator,
                header=None,
                names=[*names, _SPARE],
                skiprows=layout.lines,
                dtype=dict.fromkeys([*kept, _SPARE], str),
                keep_default_na=False,
                na_values=[""],
                skip_blank_lines=False,
                skipinitialspace=True,
            )
    except pd.errors.EmptyDataError:
        table = pd.DataFrame(columns=[*names, _SPARE], dtype=str)
    except (ValueError, OverflowError) as error:
        cause = f"can't be read as a table ({str(error).strip()})"
        raise DatasetError(cause, path=path, remedy=_separator_remedy(layout.separator)) from error
    _check_width(table, layout, path)
    table.index = pd.RangeIndex(layout.lines + 1, layout.lines + 1 + len(table))
    table = table.drop(columns=_SPARE).dropna(how="all")
    for name in kept:
        table[name] = table[name].fillna("").str.strip().map(from_cell)
    if texts is not None:
        _read_numbers(table, [name for name in names if name not in kept], layout.separator)
    unnamed = [name for name, shown in zip(names, layout.header, strict=True) if not shown]
    return table.drop(columns=[name for name in unnamed if not table[name].replace("", None).notna().any()])


def read_own_table(path: Path, columns: Callable[[str], bool] | None = None) -> pd.DataFrame:
    """Read a table that `hooke.io.spreadsheet` wrote, its images and classes as they were before they became cells.

    Only an empty cell has no value: pandas by itself drops a class called NA, None or null, which people call objects
    that they can't or need not name.

    Parameters
    ----------
    path : Path
    columns : callable, optional
        Which to read, by their name; all by default.

    Raises
    ------
    OSError, ValueError
        If it can't be read; pandas' own are children of `ValueError`.
    """
    import pandas as pd

    table = pd.read_csv(
        path, usecols=columns, dtype=dict.fromkeys(OWN_TEXTS, str), keep_default_na=False, na_values=[""]
    )
    for name in (name for name in OWN_TEXTS if name in table):
        meant = {cell: from_cell(cell) for cell in table[name].dropna().unique()}  # few, of millions of rows
        table[name] = table[name].map(meant).astype(object)  # of a table without rows, too
    return table


@dataclass(frozen=True)
class _Layout:
    """How a table is laid out: its separator, its header's cells, and the lines up to the header's end."""

    separator: str
    header: list[str]
    lines: int


def _decode(data: bytes, path: str | Path) -> tuple[str, str]:
    """Decode a file by its byte order mark, else as UTF-8, else as UTF-16 where every second byte is 0, else cp1252."""
    if data.startswith(_WORKBOOKS):
        raise DatasetError("is a spreadsheet's workbook, not a csv file", path=path, remedy="save its sheet as csv")
    encoding = next((name for mark, name in _BOMS if data.startswith(mark)), None)
    head = data[:4096]
    if encoding is None and b"\0" in head:
        even, odd = (2 * part.count(0) > len(part) for part in (head[::2], head[1::2]))
        encoding = "utf-16-le" if odd and not even else "utf-16-be" if even and not odd else None
    for guess in [encoding] if encoding else ["utf-8", "cp1252"]:
        try:
            text = data.decode(guess)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text, guess
    raise DatasetError("is not a text in UTF-8", path=path, remedy=_TEXT_REMEDY)


def _layout(text: str, wanted: Sequence[str]) -> _Layout:
    """Find separator and header: the one by which most of the wanted columns are found, then most columns."""
    lines, separators = 0, _SEPARATORS
    file = io.StringIO(text[:_HEAD], newline="")  # lines may end in a carriage return alone
    line = file.readline()
    while line and (not line.strip(" \t\r\n,;") or _SEPARATOR_LINE.fullmatch(line)):
        match = _SEPARATOR_LINE.fullmatch(line)
        separators = match[1] if match else separators
        lines, line = lines + 1, file.readline()
    keys = {_key(name) for name in wanted}
    rest = [line, *(next_line for _, next_line in zip(range(20), file, strict=False))]  # a name may hold line ends
    best = _Layout(separators[0], [], lines + 1)
    for separator in separators:
        reader = csv.reader(rest, delimiter=separator, skipinitialspace=True)
        try:
            header = [cell.strip() for cell in next(reader, [])]
        except csv.Error:
            continue
        found = _Layout(separator, header, lines + reader.line_num)
        if _fit(found, keys) > _fit(best, keys):
            best = found
    return best


def _fit(layout: _Layout, keys: Collection[str]) -> tuple[int, int]:
    """How many of the wanted columns are there, and how many columns at all."""
    return sum(_key(cell) in keys for cell in layout.header), len(layout.header)


def _key(name: str) -> str:
    """Form in which names of columns are compared."""
    return name.strip().casefold()


def _names(header: Sequence[str], wanted: Sequence[str], path: str | Path) -> list[str]:
    """Name the columns: as wanted where they mean one of these, else as they are; all differ."""
    exact, keys = set(header), {_key(name): name for name in wanted}
    names: list[str] = []
    for place, cell in enumerate(header):
        name = keys.get(_key(cell), cell)
        name = cell if name in exact else name
        if name in names and name in keys.values():
            raise DatasetError(f"column {name!r} is there twice", path=path, remedy="leave one of them")
        while not name or name in names:
            name = f"{name or 'column'}.{place + 1}"
        names.append(name)
    return names


def _check_width(table: pd.DataFrame, layout: _Layout, path: str | Path) -> None:
    """Refuse a line with more values than the header has columns: one of them may be half of a number."""
    import pandas as pd

    shifted = not isinstance(table.index, pd.RangeIndex)
    beyond = table[_SPARE].notna().to_numpy()
    if shifted or beyond.any():
        line = layout.lines + 1 + (0 if shifted else int(beyond.argmax()))
        cause = f"line {line} has more values than the header has columns"
        raise DatasetError(cause, path=path, remedy=_separator_remedy(layout.separator))


def _separator_remedy(separator: str) -> str:
    """What may be wrong where lines don't fit the header."""
    if separator == ",":
        return "where numbers have decimal commas, save it with semicolons or tabs between the columns"
    return "save it again as csv, with the same separator in all lines"


def _read_numbers(table: pd.DataFrame, names: Sequence[str], separator: str) -> None:
    """Make numbers of columns of text, with decimal commas where the table has no decimal points.

    1,234 may be a thousand as well: unless the table is separated by semicolons, or another of its numbers shows that
    its commas are decimal, such a column stays text.
    """
    import pandas as pd

    columns = {name: table[name].str.strip() for name in names if pd.api.types.is_string_dtype(table[name])}
    commas = {name: column.str.fullmatch(_COMMA_NUMBER).fillna(False).astype(bool) for name, column in columns.items()}
    points = any(pd.api.types.is_float_dtype(table[name]) and (table[name] % 1 > 0).any() for name in names)
    points |= any(bool(column.str.fullmatch(_POINT_NUMBER).fillna(False).any()) for column in columns.values())
    decimal = not points and (
        separator == ";"
        or any(not column[commas[name]].str.fullmatch(_THOUSANDS).all() for name, column in columns.items())
    )
    for name, column in columns.items():
        if decimal:
            column = column.where(~commas[name], column.str.replace(",", ".", regex=False))
        column = column.replace("", None)
        numbers = pd.to_numeric(column, errors="coerce")
        table[name] = numbers if numbers.notna().sum() == column.notna().sum() else column.fillna("")
