"""Write and read what a prepare run has done so far, so that a stopped run can continue.

``DATASET/prepared.jsonl`` has a line for each image of the source, added when its files are whole. The last line of an
image counts; a line that a killed run left cut is passed over. Classes and conflicts, which can be many, stay in the
file until they are asked for.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, astuple, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from hooke.datasets.layout import find_image, find_labels, is_file_stem
from hooke.errors import DatasetError, OutputError
from hooke.io.annotations.json_fields import field as field_of
from hooke.io.naming import files_below
from hooke.labels.painter import Conflict

JOURNAL_NAME = "prepared.jsonl"


@dataclass(frozen=True)
class Part:
    """One image of the data set made: the whole image of the source, or a tile of it.

    Attributes
    ----------
    id : str
        In the data set.
    modality : str
        As guessed from the image.
    height, width : int
        Pixels.
    nuclei : int
        Objects.
    image_bytes, labels_bytes : int
        Sizes of the two files, which show whether one was cut short or replaced.
    """

    id: str
    modality: str
    height: int
    width: int
    nuclei: int
    image_bytes: int
    labels_bytes: int

    def is_whole(self, dst: Path) -> bool:
        """Whether both files are there and as long as they were."""
        image, labels = find_image(dst, self.id), find_labels(dst, self.id)
        if image is None or labels is None:
            return False
        return (image.stat().st_size, labels.stat().st_size) == (self.image_bytes, self.labels_bytes)


@dataclass(frozen=True)
class Record:
    """What became of one image of the source.

    Attributes
    ----------
    source : str
        Its id in the source.
    recipe : str
        What stands for all settings that it was made with.
    parts : tuple of Part
        What it was made into.
    named : dict of str to int
        Classes that the source names, and how many nuclei have each.
    oddities : dict of str to int
        As in `Sample`.
    classes : dict of str to dict of int to str
        For each part, instance to class name.
    conflicts : tuple of Conflict
        As in `Sample`.
    """

    source: str
    recipe: str
    parts: tuple[Part, ...]
    named: Mapping[str, int] = field(default_factory=dict)
    oddities: Mapping[str, int] = field(default_factory=dict)
    classes: Mapping[str, Mapping[int, str]] = field(default_factory=dict)
    conflicts: Sequence[Conflict] = ()

    def to_line(self) -> str:
        """Write it as a line of JSON."""
        return json.dumps({**asdict(self), "conflicts": [astuple(conflict) for conflict in self.conflicts]}) + "\n"

    @classmethod
    def from_line(cls, line: bytes) -> Record:
        """Read it.

        Raises
        ------
        DatasetError
            Where the line is damaged, so that nothing is known of its image.
        """
        try:
            read = json.loads(line)
            classes, parts = field_of(read, "classes", dict), field_of(read, "parts", list)
            if not parts:
                raise ValueError("nothing was made")
            return cls(
                source=field_of(read, "source", str),
                recipe=field_of(read, "recipe", str),
                parts=tuple(_part(part) for part in parts),
                named=_counts(field_of(read, "named", dict)),
                oddities=_counts(field_of(read, "oddities", dict)),
                classes={part: _named(field_of(classes, part, dict)) for part in classes},
                conflicts=tuple(_conflict(conflict) for conflict in field_of(read, "conflicts", list)),
            )
        except (ValueError, RecursionError) as error:
            raise DatasetError("not a line of a journal", remedy="prepare the data set again") from error


def files_newer(src: Path, made: Path, dst: Path) -> list[str]:
    """Files of a source that changed after another file did, sorted; none where that is not there.

    Parameters
    ----------
    src : Path
        A folder, or a file.
    made : Path
        What the time is compared with.
    dst : Path
        A folder that is not part of the source, though it may be in it.
    """
    if not made.is_file():
        return []
    since = made.stat().st_mtime_ns
    files = [src] if src.is_file() else [file for file in files_below(src) if not file.is_relative_to(dst)]
    return [
        str(file.relative_to(src)) if file != src else file.name for file in files if file.stat().st_mtime_ns > since
    ]


def _part(read: Any) -> Part:
    """Check what a line says of one image made; its id names files, and must not lead elsewhere."""
    texts = [field_of(read, key, str) for key in ("id", "modality")]
    numbers = [field_of(read, key, int) for key in ("height", "width", "nuclei", "image_bytes", "labels_bytes")]
    if not is_file_stem(texts[0]) or min(numbers) < 0:
        raise ValueError(f"not an image of a data set: {texts[0]!r}")
    return Part(*texts, *numbers)


def _counts(read: dict[str, Any]) -> dict[str, int]:
    """Check numbers of objects by name."""
    return {name: field_of(read, name, int) for name in read}


def _named(read: dict[str, Any]) -> dict[int, str]:
    """Check class names by instance, whose number JSON has as text."""
    return {int(id_): field_of(read, id_, str) for id_ in read}


def _conflict(read: Any) -> Conflict:
    """Check one conflict, which is written as a list of its values."""
    names = [column.name for column in fields(Conflict)]
    if not isinstance(read, list) or len(read) != len(names):
        raise ValueError("not a conflict")
    values = dict(zip(names, read, strict=True))
    return Conflict(**{name: field_of(values, name, int if name == "pixels" else str) for name in names})


class Journal:
    """The records of a data set; see the head of this module.

    Parameters
    ----------
    dst : Path
        The data set.
    """

    def __init__(self, dst: Path) -> None:
        self.path = dst / JOURNAL_NAME
        self._records: dict[str, Record] = {}
        self._places: dict[str, int] = {}
        self._end = 0
        if self.path.is_file():
            self._read()

    def get(self, source: str) -> Record | None:
        """Return the record of an image of the source, without its classes and conflicts."""
        return self._records.get(source)

    def whole(self, source: str) -> Record:
        """Return the record of an image of the source with its classes and conflicts."""
        with self.path.open("rb") as file:
            file.seek(self._places[source])
            return Record.from_line(file.readline())

    def add(self, record: Record) -> None:
        """Write a record to the end of the file.

        Raises
        ------
        OutputError
            If the file can't be written.
        """
        line = record.to_line().encode()
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open("ab") as file:
                file.write(line)
        except OSError as error:
            raise OutputError(
                f"can't be written ({error.strerror})", path=self.path, remedy="free some space, or take another folder"
            ) from error
        self._note(record, self._end)
        self._end += len(line)

    def _read(self) -> None:
        """Read all lines; end a last one that was cut, so that the next starts on a line of its own."""
        complete = True
        with self.path.open("rb") as file:
            for line in file:
                complete = line.endswith(b"\n")
                with contextlib.suppress(DatasetError):
                    self._note(Record.from_line(line), self._end)
                self._end += len(line)
        if not complete:
            with self.path.open("ab") as file:
                file.write(b"\n")
            self._end += 1

    def _note(self, record: Record, place: int) -> None:
        self._records[record.source] = replace(record, classes={}, conflicts=())
        self._places[record.source] = place
