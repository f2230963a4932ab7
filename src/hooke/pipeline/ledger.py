"""What a run has done so far, kept beside its results: stop and continue without doing an image twice."""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from hooke.io import atomic_path
from hooke.models import Model
from hooke.pipeline.options import SegmentOptions

__all__ = ["Entry", "Ledger", "write_measurements"]


@dataclass(frozen=True)
class Entry:
    """One image that is done.

    Parameters
    ----------
    settings : str
        Hash of everything that decides the result.
    size, modified : int
        Of the file when it was read: bytes, and nanoseconds since the epoch.
    rows : list of dict
        Its rows of ``summary.csv``.
    """

    settings: str
    size: int
    modified: int
    rows: list[dict[str, Any]]


class Ledger:
    """The entries in ``OUT/.hooke``: per image a json file that is written last, and its measurements as csv."""

    def __init__(self, out: Path, model: Model, options: SegmentOptions, axes: str | None) -> None:
        self.out = out
        self.folder = out / ".hooke"
        self.settings = _settings(model, options, axes)

    def find(self, name: str, path: Path) -> Entry | None:
        """The entry of an image that was done with these settings and has not changed since."""
        try:
            entry = Entry(**json.loads(self._entry(name).read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            return None
        size, modified = _stamp(path)
        same = (entry.settings, entry.size, entry.modified) == (self.settings, size, modified)
        return entry if same and self._measurements(name).exists() else None

    def close_entry(self, name: str, path: Path, tables: Sequence[pd.DataFrame], rows: list[dict[str, Any]]) -> None:
        """Record an image as done."""
        write_measurements(tables, self._measurements(name))
        size, modified = _stamp(path)
        with atomic_path(self._entry(name)) as partial:
            partial.write_text(json.dumps(asdict(Entry(self.settings, size, modified, rows))), encoding="utf-8")

    def write_tables(self, names: Sequence[str]) -> None:
        """Join the images' measurements into ``measurements.csv``, in the order given."""
        parts = [self._measurements(name) for name in names]
        columns = _joined_columns(parts)
        with (
            atomic_path(self.out / "measurements.csv") as partial,
            partial.open("w", newline="", encoding="utf-8") as file,
        ):
            writer = csv.DictWriter(file, columns, restval="", lineterminator="\n")
            writer.writeheader()
            for part in parts:
                with part.open(newline="", encoding="utf-8") as rows:
                    writer.writerows(csv.DictReader(rows))

    def _entry(self, name: str) -> Path:
        return self.folder / f"{name}.json"

    def _measurements(self, name: str) -> Path:
        return self.folder / f"{name}.csv"


def write_measurements(tables: Sequence[pd.DataFrame], path: Path) -> None:
    """Write the measurements of one image, a table a plane, as csv."""
    with atomic_path(path) as partial:
        pd.concat(tables).to_csv(partial, index=False, float_format="%.8g")


def _settings(model: Model, options: SegmentOptions, axes: str | None) -> str:
    from hooke import __version__

    deciding = {**asdict(options), "model": model.checksum, "axes": axes, "hooke": __version__}
    del deciding["threads"]
    if options.classify is not None:
        from hooke.classify import load_classifier

        deciding["classify"] = load_classifier(options.classify).checksum
    return hashlib.sha256(json.dumps(deciding, sort_keys=True).encode()).hexdigest()


def _stamp(path: Path) -> tuple[int, int]:
    """Size and time of change; (0, 0) for a file that is gone by now."""
    if not path.exists():
        return 0, 0
    status = path.stat()
    return status.st_size, status.st_mtime_ns


def _joined_columns(parts: Sequence[Path]) -> list[str]:
    """Columns of all parts, those of the widest one first, so that plane and channel columns keep their place."""
    headers = []
    for part in parts:
        with part.open(newline="", encoding="utf-8") as file:
            headers.append(next(csv.reader(file), []))
    headers.sort(key=len, reverse=True)
    return list(dict.fromkeys(column for header in headers for column in header)) or ["image", "label"]
