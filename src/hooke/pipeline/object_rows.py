"""Reads the measurements of an output folder, each with its row of ``summary.csv``."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hooke.errors import DatasetError
from hooke.io.spreadsheet import read_header
from hooke.io.tables import read_own_table
from hooke.pipeline.ledger import Ledger

# Columns of which a mean over objects says nothing: numbers, places and directions.
_NO_MEAN = re.compile(r"label|.*centroid_[yx](_um)?|.*bbox_\w+|.*orientation")


def read_objects(ledger: Ledger, rows: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Read what a page shows of ``measurements.csv``.

    Parameters
    ----------
    ledger : Ledger
    rows : sequence of mapping
        Those of ``summary.csv``.

    Returns
    -------
    DataFrame
        A row per object: ``row`` (position in `rows`), ``area`` (square micrometres where the pixel size of all images
        is known: ``attrs["physical"]``, else pixels), ``intensity`` (mean in the channel that was segmented),
        ``score``, ``doubtful``.
    """
    wanted = {"area", "area_um2", "score", "doubtful"}
    table = _read_rows(ledger, rows, lambda name: name in wanted or name.startswith("intensity_mean"))
    physical = "area_um2" in table and bool(table["area_um2"].notna().all()) and len(table) > 0
    objects = pd.DataFrame(
        {
            "row": table["row"].to_numpy(np.int64),
            "area": _column(table, "area_um2" if physical else "area"),
            "intensity": _intensities(table, rows),
            "score": _column(table, "score"),
            "doubtful": table["doubtful"].to_numpy() == True if "doubtful" in table else False,  # noqa: E712
        }
    )
    objects.attrs["physical"] = physical
    return objects


def read_all_objects(ledger: Ledger, rows: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Read all measurements of which a mean over objects says something.

    Parameters
    ----------
    ledger : Ledger
    rows : sequence of mapping
        Those of ``summary.csv``.

    Returns
    -------
    DataFrame
        A row per object: ``row`` (position in `rows`) and every numeric column but numbers, places and directions.
    """
    table = _read_rows(ledger, rows, lambda name: _NO_MEAN.fullmatch(name) is None and len(name) > 1)
    numbers = table.select_dtypes("number")
    return numbers[["row", *(name for name in numbers.columns if name != "row" and len(str(name)) > 1)]]


def plane_columns(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Columns of the position in a stack: single letters."""
    return sorted({key for row in rows for key in row if len(key) == 1})


def _read_rows(ledger: Ledger, rows: Sequence[Mapping[str, Any]], wanted: Callable[[str], bool]) -> pd.DataFrame:
    """Read columns of the measurements, and the position of each object's row of ``summary.csv``."""
    planes = plane_columns(rows)
    places = ["image", *planes]
    table = _read_measurements(ledger, lambda name: name in places or wanted(name))
    # A position without plane, such as a single image among stacks, is -1 on both sides.
    keys = pd.DataFrame([[row.get(key, "") for key in places] for row in rows], columns=places)
    for axis in planes:
        keys[axis] = pd.to_numeric(keys[axis], errors="coerce").fillna(-1).astype(np.int64)
        given = pd.to_numeric(table.get(axis, pd.Series(-1, index=table.index)), errors="coerce")
        table[axis] = given.fillna(-1).astype(np.int64)
    table = (table[table["image"].notna()] if "image" in table else table.assign(image="").iloc[:0]).copy()
    keys["row"] = np.arange(len(keys))
    return table.merge(keys.drop_duplicates(places), on=places, how="inner")


def _read_measurements(ledger: Ledger, wanted: Callable[[str], bool]) -> pd.DataFrame:
    """Read columns of the measurements of all images, by hooke's names."""
    path = ledger.out / "measurements.csv"
    parts = [path]
    if "area" not in measurement_columns(path):  # named as another program does
        parts = [ledger.measurements(entry) for entry in ledger.ordered() if ledger.has_objects(entry)]
    tables = [_read(part, wanted) for part in parts]
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=["image"])


def _read(path: Path, wanted: Callable[[str], bool]) -> pd.DataFrame:
    try:
        return read_own_table(path, wanted)
    except (ValueError, OSError) as error:  # pandas' own are ValueErrors
        raise DatasetError(
            f"can't be read as a table: {error}", path=path, remedy="delete it and segment its image again"
        ) from error


def measurement_columns(path: Path) -> list[str]:
    """Names of the columns of a table of measurements; none where it can't be read."""
    try:
        return read_header(path)
    except (OSError, ValueError, csv.Error):
        return []


def _column(table: pd.DataFrame, name: str) -> NDArray[np.float64]:
    if name not in table:
        return np.full(len(table), np.nan)
    return np.asarray(pd.to_numeric(table[name], errors="coerce").to_numpy(np.float64))


def _intensities(table: pd.DataFrame, rows: Sequence[Mapping[str, Any]]) -> NDArray[np.float64]:
    """Mean intensity of each object in the channel that was segmented, the mean over all where colours were."""
    names = [name for name in table.columns if name.startswith("intensity_mean")]
    values = table[names].apply(pd.to_numeric, errors="coerce").to_numpy(np.float64)
    there = np.isfinite(values)
    with np.errstate(invalid="ignore"):
        result = np.where(there, values, 0).sum(axis=1) / there.sum(axis=1)
    chosen = np.array([_channel(row.get("channel")) for row in rows], np.int64)[table["row"].to_numpy(np.int64)]
    # Images of one run may differ in the names of their channels: each channel's place is among its image's own.
    place = np.where(there, np.cumsum(there, axis=1) - 1, -1)
    found = there & (place == chosen[:, None])
    return np.asarray(np.where(found.any(axis=1), np.where(found, values, 0).sum(axis=1), result), np.float64)


def _channel(value: object) -> int:
    return int(str(value)) if str(value).isdecimal() else -1
