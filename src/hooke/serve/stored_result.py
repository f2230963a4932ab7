"""Keeps one result of an image on disk: label images, measurements, and the edits since."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from pydantic import BaseModel, ValidationError

from hooke.io import atomic_path
from hooke.io.tables import read_own_table
from hooke.measure import measure
from hooke.serve.answers import files_gone
from hooke.serve.api_models import Chosen
from hooke.serve.edit_journal import EditJournal, Entry
from hooke.serve.label_file import LabelFile
from hooke.serve.object_rows import ObjectRows

_FACTS, _LABELS, _TRACKS = "result.json", "labels.raw", "track_numbers.csv"
_NOT_MEASURED = ("image", "folder", "suffix")


class ResultFacts(BaseModel):
    """What is known of a result besides its objects.

    Parameters
    ----------
    name : str
        Of the run's files; empty where there was no segmentation.
    counts : list of int
        Objects of each plane.
    largest : int
        Label that was given out last, so that none is given twice.
    position : int
        Number of edits that are in effect.
    moves : int
        How often an edit was made, undone or made again.
    modality : str
        Of the image, as the segmentation saw it.
    """

    name: str = ""
    chosen: Chosen | None = None
    warnings: list[str] = []
    counts: list[int] = [0]
    largest: int = 0
    position: int = 0
    moves: int = 0
    modality: str = ""


class StoredResult:
    """A result in its folder.

    Parameters
    ----------
    folder : Path
    shape : (int, int, int)
        Planes, height and width.
    axes : tuple of (str, int)
        Letters of the stack's axes in lower case, and the length of each.
    """

    def __init__(self, folder: Path, shape: tuple[int, int, int], axes: tuple[tuple[str, int], ...] = ()) -> None:
        self.folder = folder
        self.shape = shape
        self.labels = LabelFile(folder / _LABELS, shape)
        self.journal = EditJournal(folder / "edits")
        self.run = folder / "run"
        self._axes = axes
        self._rows: list[ObjectRows] | None = None
        self._tracks: dict[int, dict[int, int]] | None = None
        self.facts = self._read_facts()

    def save(self) -> None:
        """Write what is known of it."""
        with atomic_path(self.folder / _FACTS) as part:
            part.write_text(self.facts.model_dump_json(), encoding="utf-8")

    def rows(self, plane: int) -> ObjectRows:
        """Give the objects of a plane, read when first asked for."""
        if self._rows is None:
            rows = self._base_rows()
            for number in range(1, self.facts.position + 1):
                entry = self.journal.read(number)
                rows[entry.plane].put(entry.after)
            self._rows = rows
        return self._rows[plane]

    def unload(self) -> None:
        """Free the memory of the tables; they are read again when asked for."""
        self._rows = None
        self._tracks = None

    def table(self, plane: int) -> pd.DataFrame:
        """Table of a plane, with the number of each object's track where objects were tracked."""
        return self._with_tracks(plane, self.rows(plane).table())

    def table_of(self, plane: int, labels: Sequence[int]) -> pd.DataFrame:
        """Table of some objects of a plane, without going through all of them."""
        return self._with_tracks(plane, self.rows(plane).table_of(labels))

    def _with_tracks(self, plane: int, table: pd.DataFrame) -> pd.DataFrame:
        numbers = self.tracks().get(plane)
        if numbers is not None:
            table = table.assign(track=pd.array([numbers.get(label) for label in table["label"].tolist()], "Int64"))
        return table

    def tracks(self) -> dict[int, dict[int, int]]:
        """Track of each object, by plane and label; empty where nothing was tracked."""
        if self._tracks is None:
            found: dict[int, dict[int, int]] = {}
            path = self.folder / _TRACKS
            if path.is_file():
                numbers = np.loadtxt(path, np.int64, delimiter=",", skiprows=1, ndmin=2)
                for plane, label, track in numbers.tolist():
                    found.setdefault(plane, {})[label] = track
            self._tracks = found
        return self._tracks

    def write_tracks(self, numbers: dict[int, dict[int, int]]) -> None:
        """Write the track of each object, by plane and label."""
        with atomic_path(self.folder / _TRACKS) as part:
            lines = [f"{plane},{label},{track}\n" for plane, own in numbers.items() for label, track in own.items()]
            part.write_text("".join(["plane,label,track\n", *lines]), encoding="utf-8")
        self._tracks = None

    def do(self, entry: Entry) -> None:
        """Put an edit into effect; where that fails, all is as before.

        Raises
        ------
        OSError or HookeError
            When it can't be written.
        """
        number = self.facts.position + 1
        self.journal.write(number, entry)
        self._move(entry, number, forwards=True)

    def undo(self) -> Entry:
        """Take the last edit back, and give it."""
        entry = self.journal.read(self.facts.position)
        self._move(entry, self.facts.position - 1, forwards=False)
        return entry

    def redo(self) -> Entry:
        """Put the next edit into effect again, and give it."""
        number = self.facts.position + 1
        entry = self.journal.read(number)
        self._move(entry, number, forwards=True)
        return entry

    def repair(self) -> None:
        """Bring the labels to the state that the facts say, if the process was killed between the two."""
        for number, forwards in ((self.facts.position + 1, False), (self.facts.position, True)):
            if number and self.journal.has(number):
                self._patch(self.journal.read(number), forwards)

    def _move(self, entry: Entry, position: int, *, forwards: bool) -> None:
        rows = self.rows(entry.plane)
        facts = self.facts.model_copy(deep=True)
        try:
            self._patch(entry, forwards)
            rows.put(entry.after if forwards else entry.before)
            self.facts.position = position
            self.facts.moves += 1
            self.facts.largest = max([self.facts.largest, *entry.after])
            self.facts.counts[entry.plane] = len(rows)
            self.save()
        except BaseException:
            self.facts = facts
            rows.put(entry.before if forwards else entry.after)
            self._patch(entry, not forwards)
            raise

    def _patch(self, entry: Entry, forwards: bool) -> None:
        for patch in entry.patches:
            if patch.after.size:
                content = patch.after if forwards else patch.before
                self.labels.write(entry.plane, patch.top, patch.left, content)

    def _read_facts(self) -> ResultFacts:
        try:
            return ResultFacts.model_validate_json((self.folder / _FACTS).read_bytes())
        except FileNotFoundError:
            return ResultFacts(counts=[0] * self.shape[0])
        except (OSError, ValidationError) as error:
            raise files_gone() from error

    def _base_rows(self) -> list[ObjectRows]:
        """Rows as the segmentation measured them, by plane."""
        if not self.facts.name:
            empty = measure(np.zeros((2, 2), np.int32), np.zeros((2, 2), np.uint8), scores=np.zeros(0))
            return [ObjectRows(empty) for _ in range(self.shape[0])]
        table = self._measured()
        planes = _plane_of(table, self._axes)
        table = table.drop(
            columns=[name for name in (*_NOT_MEASURED, *(axis for axis, _ in self._axes)) if name in table]
        )
        return [ObjectRows(table[planes == plane]) for plane in range(self.shape[0])]

    def _measured(self) -> pd.DataFrame:
        try:
            return read_own_table(self.run / "measurements.csv")
        except (OSError, ValueError) as error:
            raise files_gone() from error


def _plane_of(table: pd.DataFrame, axes: tuple[tuple[str, int], ...]) -> Any:
    """Number of the plane of each row, the last axis fastest."""
    plane = np.zeros(len(table), np.int64)
    for axis, length in axes:
        plane = plane * length + (table[axis].to_numpy(np.int64) if axis in table else 0)
    return plane
