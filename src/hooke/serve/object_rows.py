"""Keeps the measurements of the objects of one plane: those of the segmentation, and rows that edits replaced."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

#: A row of an object by column; None where a value is not known.
Row = dict[str, Any]
#: Columns that say where an object's pixels are.
BOX = ("bbox_top", "bbox_left", "bbox_bottom", "bbox_right")
_DIGITS = 6  # of numbers that clients get
_FEW = 16  # values that are rounded faster one by one


class ObjectRows:
    """The table of one plane.

    Parameters
    ----------
    base : DataFrame
        As `hooke.measure.measure` gives it, with the column ``label``.
    """

    def __init__(self, base: pd.DataFrame) -> None:
        self.base = base.set_index("label", drop=False)
        self.changed: dict[int, Row | None] = {}
        self._values = [(str(name), self.base[name].array) for name in self.base.columns]
        # Infinitely far where a row was replaced: it is in `changed` from then on.
        self._ys, self._xs = (base[name].to_numpy(np.float64, copy=True) for name in ("centroid_y", "centroid_x"))
        self._count = len(base)

    def __len__(self) -> int:
        return self._count

    def __contains__(self, label: int) -> bool:
        if label in self.changed:
            return self.changed[label] is not None
        return label in self.base.index

    def get(self, label: int) -> Row | None:
        """Give the row of an object; None where it is not there."""
        if label in self.changed:
            return self.changed[label]
        place = self._place(label)
        return None if place is None else {name: plain(values[place]) for name, values in self._values}

    def box(self, label: int) -> tuple[int, int, int, int]:
        """Top, left, bottom and right of an object; half-open."""
        row = self.get(label)
        assert row is not None
        top, left, bottom, right = (int(row[name]) for name in BOX)
        return top, left, bottom, right

    def put(self, rows: Mapping[int, Row | None]) -> None:
        """Replace rows; None takes an object away."""
        for label, row in rows.items():
            self._count += (row is not None) - (label in self)
            self.changed[label] = row
            if (place := self._place(label)) is not None:
                self._ys[place] = self._xs[place] = np.inf

    def nearest(
        self, y: float, x: float, without: Iterable[int], steps: tuple[float, float] = (1.0, 1.0)
    ) -> float | None:
        """Distance from a point to the nearest centroid; None where there is none.

        Parameters
        ----------
        y, x : float
            Pixels.
        without : iterable of int
            Objects that do not count.
        steps : (float, float)
            Height and width of a pixel.
        """
        left_out = set(without)
        away = ((self._ys - y) * steps[0]) ** 2 + ((self._xs - x) * steps[1]) ** 2
        away[[place for label in left_out if (place := self._place(label)) is not None]] = np.inf
        least = float(away.min(initial=np.inf))
        for label, row in self.changed.items():
            if row is not None and label not in left_out:
                own = ((row["centroid_y"] - y) * steps[0]) ** 2 + ((row["centroid_x"] - x) * steps[1]) ** 2
                least = min(least, own)
        return float(np.sqrt(least)) if np.isfinite(least) else None

    def _place(self, label: int) -> int | None:
        """Row of the base that an object has."""
        if label not in self.base.index:
            return None
        place = self.base.index.get_loc(label)
        assert isinstance(place, int)  # labels are there once
        return place

    def table(self) -> pd.DataFrame:
        """The table as it is now, by increasing label."""
        kept = self.base[~self.base.index.isin(list(self.changed))]
        own = [row for row in self.changed.values() if row is not None]
        if not own:
            return kept.reset_index(drop=True)
        added = pd.DataFrame(own)
        names = [*self.base.columns, *(name for name in added.columns if name not in self.base.columns)]
        columns = {name: _joined(kept, added, name) for name in names}
        return pd.DataFrame(columns).sort_values("label", kind="stable").reset_index(drop=True)

    def table_of(self, labels: Sequence[int]) -> pd.DataFrame:
        """Table of some objects, by increasing label."""
        rows = [row for label in sorted(labels) if (row := self.get(label)) is not None]
        more = [name for row in rows for name in row if name not in self.base.columns]
        return pd.DataFrame(rows, columns=[*self.base.columns, *dict.fromkeys(more)])


def columnar(table: pd.DataFrame, wanted: Iterable[str] | None = None) -> dict[str, list[Any]]:
    """Write a table as lists by column, as JSON takes them: numbers of 6 digits, None for what is not known.

    Parameters
    ----------
    table : DataFrame
    wanted : iterable of str, optional
        Only these columns; ``y`` and ``x`` are the centroid.
    """
    named = {name: table[name] for name in table.columns}
    if "centroid_y" in named:
        named = {"label": named.pop("label"), "y": named["centroid_y"], "x": named["centroid_x"], **named}
    chosen = list(named) if wanted is None else [name for name in wanted if name in named]
    return {name: _listed(named[name]) for name in chosen}


def plain(value: Any) -> Any:
    """A value of a table as JSON has it."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not np.isfinite(value):
        return None
    return value


def _joined(kept: pd.DataFrame, added: pd.DataFrame, name: str) -> list[Any]:
    parts = [part[name].tolist() if name in part else [None] * len(part) for part in (kept, added)]
    return [*parts[0], *parts[1]]


def _listed(column: pd.Series[Any]) -> list[Any]:
    if column.dtype.kind == "f":
        if len(column) <= _FEW:
            return [float(f"{value:.{_DIGITS}g}") if math.isfinite(value) else None for value in column.tolist()]
        values = column.to_numpy(np.float64)
        with np.errstate(divide="ignore", invalid="ignore"):
            power = np.floor(np.log10(np.abs(values)))
        scale = 10.0 ** (_DIGITS - 1 - np.where(np.isfinite(power), power, 0))
        rounded = np.round(values * scale) / scale
        finite = np.isfinite(rounded)
        return (
            rounded.tolist()
            if finite.all()
            else [value if ok else None for value, ok in zip(rounded.tolist(), finite.tolist(), strict=True)]
        )
    return [None if value is None or value is pd.NA or value != value else plain(value) for value in column.tolist()]
