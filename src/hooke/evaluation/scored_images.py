"""Lists the images to be scored, with their rows of the truth's index."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from hooke.datasets.layout import INDEX_NAME, read_index_table, rows_of_split
from hooke.errors import DatasetError

_PATH_COLUMNS = ("image", "labels")  # where an index names files by path
_GROUPS = ("group", "field_of_view")


def list_images(truth: Path, names: Sequence[str], split: str | None) -> list[dict[str, str]]:
    """Give each image to be scored its row: ``image`` (its name) and the columns of the index.

    Parameters
    ----------
    truth : Path
        A data set with an index, or anything else.
    names : sequence of str
        What it holds.
    split : str, optional
        Only this split.

    Returns
    -------
    list of dict
        In the order of the index, or of the names.

    Raises
    ------
    DatasetError
        When the index can't be read or lists nothing, or there is no such split.
    """
    path = truth / INDEX_NAME
    if not path.is_file():
        if split is not None:
            raise DatasetError(f"no {INDEX_NAME}, so no split {split!r}", path=truth, remedy="leave the split out")
        return [{"image": name} for name in names]
    index = _read_index(path, names, split)
    columns = [str(name) for name in index if name not in ("id", *_PATH_COLUMNS)]
    return [
        {"image": row["id"], **{name: row[name] or "unknown" for name in columns}} for row in index.to_dict("records")
    ]


def group_column(columns: Sequence[str]) -> str | None:
    """Name the column that says which images show the same place; None when there is none."""
    return next((name for name in _GROUPS if name in columns), None)


def known_columns(by: Sequence[str], images: Sequence[dict[str, str]], truth: Path) -> list[str]:
    """Name the columns to summarise by: modality where there is one, and those asked for.

    Raises
    ------
    DatasetError
        When the index has no such column.
    """
    known = [name for name in images[0] if name != "image"]
    for name in by:
        if name not in known:
            remedy = f"known columns: {', '.join(known)}" if known else "give a data set with an index.csv"
            raise DatasetError(f"no column {name!r} to summarise by", path=truth, remedy=remedy)
    return list(dict.fromkeys((*(name for name in ("modality",) if name in known), *by)))


def _read_index(path: Path, names: Sequence[str], split: str | None) -> pd.DataFrame:
    remedy = "name the images' stems in a column id"
    index = read_index_table(path, optional=("split", "modality", *_GROUPS), images=names, remedy=remedy)
    if not index["id"].is_unique:
        twice = index["id"][index["id"].duplicated()].iloc[0]
        raise DatasetError(f"id {twice!r} occurs twice", path=path, remedy="remove one of the rows")
    index = rows_of_split(index, split, path)
    if index.empty:
        raise DatasetError("the index lists no image", path=path, remedy="prepare the data set again")
    return index
