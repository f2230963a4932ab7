"""Writes measurements as Parquet: those of a run from its csv, part by part, those of planes as they come."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hooke.io.annotations.annotated_plane import AnnotatedPlane
from hooke.io.parquet import BOOLEAN, FLOAT, INTEGER, TEXT, write_parquet
from hooke.io.spreadsheet import from_cell
from hooke.io.tables import OWN_TEXTS

if TYPE_CHECKING:
    import pandas as pd

_ROWS = 200_000  # of a part
_KINDS = {"b": BOOLEAN, "i": INTEGER, "u": INTEGER, "f": FLOAT}


def write_parquet_of_csv(table: Path, path: Path) -> None:
    """Write the measurements of a run as Parquet.

    Parameters
    ----------
    table : Path
        ``measurements.csv``; read twice, since a column of whole numbers may have a fraction at its end.
    path : Path
        The file; replaced if there.

    Raises
    ------
    OutputError
        If it can't be written.
    """
    kinds: dict[str, str] = {}
    for part in _parts(table):
        for name in map(str, part.columns):
            kinds[name] = _joined(kinds.get(name), _kind(part[name]))
    write_parquet(_parts(table), path, {name: kind or FLOAT for name, kind in kinds.items()})


def write_table_of_planes(path: Path, planes: Iterable[AnnotatedPlane]) -> None:
    """Write the measurements of all planes as one Parquet file."""
    import pandas as pd

    tables = [plane.table.assign(image=plane.name) for plane in planes if plane.table is not None]
    joined = pd.concat(tables, ignore_index=True) if tables else pd.DataFrame({"image": []})
    names = ["image", *(name for name in map(str, joined.columns) if name != "image")]
    write_parquet([joined[names]], path, {name: _kind(joined[name]) or FLOAT for name in names})


def _parts(table: Path) -> Iterator[pd.DataFrame]:
    """Parts of a csv, with texts as they were before they became cells."""
    import pandas as pd

    types = dict.fromkeys(OWN_TEXTS, str)
    with pd.read_csv(
        table, chunksize=_ROWS, dtype=types, low_memory=False, keep_default_na=False, na_values=[""]
    ) as parts:
        for part in parts:
            texts = [name for name in map(str, part.columns) if part[name].dtype.kind not in "biuf"]
            yield part.assign(**{name: part[name].map(_from_cell, na_action="ignore") for name in texts})


def _from_cell(value: Any) -> Any:
    return from_cell(value) if isinstance(value, str) else value


def _kind(values: pd.Series[Any]) -> str:
    """Type of a column; empty where no value is there."""
    if values.isna().all():
        return ""
    if values.dtype.kind in _KINDS:
        return _KINDS[values.dtype.kind]
    return BOOLEAN if values.dropna().map(lambda value: isinstance(value, bool)).all() else TEXT


def _joined(first: str | None, second: str) -> str:
    """Type that holds the values of both."""
    if not first or not second or first == second:
        return first or second
    return FLOAT if {first, second} == {INTEGER, FLOAT} else TEXT
