"""Reads and writes a data set's files besides its index: conflicts between masks, and how it was made.

::

    DATASET/
      classes.json     see `hooke.io.annotations.classes_json`; only where the source names classes
      conflicts.csv    id, kind, mask, other, pixels, resolution; only where masks were in conflict
      dataset.json     how it was made: a list of sources, each with its layout, options, size, class rules and split
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Mapping
from dataclasses import astuple, fields
from pathlib import Path
from typing import Any

from hooke.errors import DatasetError
from hooke.io import atomic_path
from hooke.labels.painter import Conflict

CONFLICTS_NAME, DESCRIPTION_NAME = "conflicts.csv", "dataset.json"
CONFLICT_COLUMNS = ("id", *(field.name for field in fields(Conflict)))
# Names of masks may hold bytes that are not UTF-8; they are written as escapes, which JSON knows too.
ODD = "backslashreplace"
REMEDY = "make the data set again with hooke prepare"


def read_conflicts(folder: str | Path) -> list[tuple[str, Conflict]]:
    """Read which masks of which image were in conflict, and what was done; empty where there were none.

    Raises
    ------
    DatasetError
        If the file can't be read as such a table.
    """
    path = Path(folder) / CONFLICTS_NAME
    if not path.exists():
        return []
    try:
        with path.open(newline="", encoding="utf-8") as file:
            return [
                (row["id"], Conflict(row["kind"], row["mask"], row["other"], int(row["pixels"]), row["resolution"]))
                for row in csv.DictReader(file)
            ]
    except (OSError, ValueError, KeyError, TypeError, csv.Error) as error:
        raise DatasetError("not a table of conflicts", path=path, remedy=REMEDY) from error


def write_conflicts(folder: str | Path, conflicts: Iterable[tuple[str, Conflict]]) -> None:
    """Write which masks of which image were in conflict, taken one by one; no file where there are none.

    Raises
    ------
    OutputError
        If the file can't be written.
    """
    path = Path(folder) / CONFLICTS_NAME
    count = 0
    with atomic_path(path) as part, part.open("w", newline="", encoding="utf-8", errors=ODD) as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(CONFLICT_COLUMNS)
        for id_, conflict in conflicts:
            writer.writerow([id_, *astuple(conflict)])
            count += 1
    if not count:
        path.unlink()


def read_sources(folder: str | Path) -> list[dict[str, Any]]:
    """Read how a data set was made, one entry for each source in it; empty where nothing is said.

    Raises
    ------
    DatasetError
        If the file can't be read as such a list.
    """
    path = Path(folder) / DESCRIPTION_NAME
    if not path.exists():
        return []
    try:
        return [dict(source) for source in json.loads(path.read_text(encoding="utf-8"))["sources"]]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise DatasetError("can't be read", path=path, remedy=REMEDY) from error


def describe_source(folder: str | Path, source: Mapping[str, Any]) -> None:
    """Write how the images of one source were made; an entry of the same ``layout`` and ``source`` is replaced.

    Raises
    ------
    DatasetError
        If what was said before can't be read.
    OutputError
        If the file can't be written.
    """
    path = Path(folder) / DESCRIPTION_NAME
    key = (source["layout"], source["source"])
    others = [other for other in read_sources(folder) if (other.get("layout"), other.get("source")) != key]
    with atomic_path(path) as part:
        text = json.dumps({"sources": [*others, dict(source)]}, indent=2, ensure_ascii=False)
        part.write_text(text + "\n", encoding="utf-8", errors=ODD)
