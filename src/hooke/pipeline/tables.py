"""Writes the tables of an output folder from its ledger, so that they agree with the results of all runs."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from hooke.errors import listed
from hooke.io import atomic_path
from hooke.io.atomic import atomic_paths
from hooke.io.class_counts import CLASS_COUNTS, write_counts
from hooke.io.entry import Entry
from hooke.io.naming import PLACE, image_place
from hooke.io.spreadsheet import as_cell, read_header, write_table
from hooke.measure import name_columns
from hooke.pipeline.ledger import Ledger
from hooke.pipeline.object_rows import plane_columns
from hooke.pipeline.result_files import DEPTH_TABLE, SUMMARY_COLUMNS, depth_table_path, failure_row

_DAMAGED = "its results were changed or removed since; segment it again"


def write_tables(ledger: Ledger, names: str = "hooke") -> list[dict[str, Any]]:
    """Write ``summary.csv``, ``measurements.csv`` and, where known, ``measurements_3d.csv`` and ``counts.csv``.

    Parameters
    ----------
    ledger : Ledger
    names : str
        What the columns of measurements are called: a way of `hooke.measure.name_columns`.

    Returns
    -------
    list of dict
        The rows of ``summary.csv``.

    Raises
    ------
    OutputError
        When one can't be written.
    """
    entries = ledger.ordered()
    there = [entry for entry in entries if ledger.has_objects(entry) and _is_text(ledger.measurements(entry))]
    parts = {ledger.measurements(entry): _place(entry) for entry in there}
    rows = [row | image_place(row["file"]) for row in table_rows(entries, {entry.name for entry in there})]
    # A run that is killed now leaves both main tables or none: they take their names one right after the other.
    with atomic_paths(ledger.out / "measurements.csv", ledger.out / "summary.csv") as (measurements, summary):
        _write_measurements(parts, measurements, names)
        _write_summary(rows, summary)
        _write_depth(ledger, there, names)
        _write_counts(rows, ledger.out / "counts.csv")
    return rows


def changed_since(rows: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """Say which images the tables leave out because their results were edited or removed; nothing where there is none.

    Parameters
    ----------
    rows : sequence of mapping
        As `write_tables` returns them.
    """
    names = list(dict.fromkeys(str(row["image"]) for row in rows if row.get("error") == _DAMAGED))
    if not names:
        return ()
    gone = f"{len(names)} image(s) whose results were changed or removed since are not in the tables ({listed(names)})"
    return (f"{gone}: hooke measure IMAGES --labels FOLDER measures label images that were corrected",)


def _write_counts(rows: Sequence[Mapping[str, Any]], path: Path) -> None:
    """Write ``counts.csv`` where classes are known."""
    kept = ("image", *plane_columns(rows), CLASS_COUNTS, *PLACE)
    counted = [{key: row[key] for key in kept if key in row} for row in rows]
    counted = [row for row in counted if CLASS_COUNTS in row]
    if counted:
        write_counts(counted, path, last=PLACE)
    else:
        path.unlink(missing_ok=True)


def _write_depth(ledger: Ledger, entries: Sequence[Entry], names: str) -> None:
    """Write ``measurements_3d.csv`` of stacks whose objects were joined in depth."""
    paths = {depth_table_path(ledger.out, entry.name): entry for entry in entries}
    parts = {
        path: _place(entry)
        for path, entry in paths.items()
        if path.relative_to(ledger.out).as_posix() in entry.files and _is_text(path)
    }
    if parts:
        _write_measurements(parts, ledger.out / DEPTH_TABLE, names)
    else:
        (ledger.out / DEPTH_TABLE).unlink(missing_ok=True)


def table_rows(entries: Sequence[Entry], there: set[str]) -> list[dict[str, Any]]:
    """Rows of ``summary.csv``: those of results that are there, else one that says what is wrong."""
    rows: list[dict[str, Any]] = []
    for entry in entries:
        made = {"options": entry.options, "version": entry.version}
        if entry.name not in there:
            file = str(entry.rows[0].get("file", entry.path)) if entry.rows else entry.path
            rows.append(failure_row(entry.name, file, entry.error or _DAMAGED) | made)
            continue
        error = f"{entry.error}; the results are those of an earlier run" if entry.error else ""
        rows += [{**row, **made, "error": error} for row in entry.rows]
    return rows


def _write_summary(rows: Sequence[Mapping[str, Any]], path: Path) -> None:
    planes = plane_columns(rows)
    known = {*SUMMARY_COLUMNS, *planes, CLASS_COUNTS, *PLACE}
    others = list(dict.fromkeys(key for row in rows for key in row if key not in known))
    columns = [*SUMMARY_COLUMNS[:2], *planes, *SUMMARY_COLUMNS[2:], *others, *PLACE]
    whole = [
        {**dict.fromkeys(columns, ""), **row} for row in rows
    ]  # a gap filled with NaN would make numbers of integers
    write_table(pd.DataFrame(whole, columns=columns, dtype=object), path)


def _place(entry: Entry) -> dict[str, str]:
    """Folder and suffix of the file of an image."""
    return image_place(str(entry.rows[0].get("file", entry.path)))


def _write_measurements(parts: Mapping[Path, dict[str, str]], path: Path, names: str) -> None:
    """Join the images' measurements; each row ends with folder and suffix of its file."""
    headers = {part: read_header(part) for part in parts}
    columns = _joined_columns(list(headers.values()))
    named = [as_cell(column) for column in name_columns(pd.DataFrame(columns=columns), names).columns]
    degrees = [column for column, name in zip(columns, named, strict=True) if column != name and "orient" in column]
    with atomic_path(path) as partial, partial.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, lineterminator="\n").writerow([*named, *PLACE])
        writer = csv.DictWriter(file, [*columns, *PLACE], restval="", extrasaction="ignore", lineterminator="\n")
        for part, place in parts.items():
            ending = {key: as_cell(value) for key, value in place.items()}
            text = part.read_text(encoding="utf-8")
            if headers[part] == columns and not degrees and '"' not in text:  # without parsing every row
                end = io.StringIO()
                csv.writer(end, lineterminator="\n").writerow(["", *ending.values()])
                file.writelines(line + end.getvalue() for line in text.splitlines()[1:])
                continue
            for row in csv.DictReader(io.StringIO(text, newline="")):
                turned = {name: f"{math.degrees(float(row[name])):.8g}" for name in degrees if row.get(name)}
                writer.writerow(row | turned | ending)


def _is_text(path: Path) -> bool:
    """Whether a table can be read; one that was damaged since keeps its size."""
    try:
        return "\0" not in path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return False


def _joined_columns(headers: Sequence[list[str]]) -> list[str]:
    """Columns of all parts, those of the widest one first, so that plane and channel columns keep their place."""
    widest = sorted(headers, key=len, reverse=True)
    return list(dict.fromkeys(column for header in widest for column in header)) or ["image", "label"]
