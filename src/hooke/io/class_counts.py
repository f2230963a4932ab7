"""Writes ``counts.csv``: how many objects of each class there are in each image or plane."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from hooke.io.spreadsheet import write_table
from hooke.labels.classes import UNKNOWN

#: Key of `Classes.counts` in an image's row for `write_counts`.
CLASS_COUNTS = "classes"


def write_counts(
    rows: Sequence[Mapping[str, Any]], path: Path, names: Sequence[str] = (), last: Sequence[str] = ()
) -> pd.DataFrame:
    """Write how many objects of each class there are, a row per image or plane.

    Parameters
    ----------
    rows : sequence of mapping
        What names the image and plane, and under `CLASS_COUNTS` its `Classes.counts`.
    path : Path
    names : sequence of str
        Columns of a table without rows.
    last : sequence of str
        What of a row comes after the counts.

    Returns
    -------
    DataFrame
        What was written.

    Raises
    ------
    OutputError
        When it can't be written.
    """
    flat = [
        {**{name: value for name, value in row.items() if name not in (CLASS_COUNTS, *last)}, **row[CLASS_COUNTS]}
        for row in rows
    ]
    table = pd.DataFrame(flat) if flat else pd.DataFrame(columns=["image", *names, UNKNOWN])
    for name in last:  # even where a class has this name
        table.insert(len(table.columns), name, [row[name] for row in rows], allow_duplicates=True)
    write_table(table, path)
    return table
