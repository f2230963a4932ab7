"""Reads and writes the record of one finished image, as JSON with a checksum."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from hooke.io.content_hash import hash_file

_FOLDERS = ("labels", "cytoplasm", "overlays", ".hooke")


@dataclass(frozen=True)
class Written:
    """A result file: its size in bytes and the SHA-256 of its content."""

    size: int
    sha256: str

    @classmethod
    def from_file(cls, path: Path) -> Written:
        """Read it from a file."""
        return cls(path.stat().st_size, hash_file(path))

    def is_whole(self, path: Path) -> bool:
        """Whether a file is there as it was written."""
        try:
            return self.is_there(path) and hash_file(path) == self.sha256
        except OSError:
            return False

    def is_there(self, path: Path) -> bool:
        """Whether a file of this size is there."""
        try:
            return path.is_file() and path.stat().st_size == self.size
        except OSError:
            return False


@dataclass(frozen=True)
class Entry:
    """What is known of one image, or one scene of a file, that was segmented or failed.

    Parameters
    ----------
    name : str
        What its results are named after.
    base : str
        What the results of its file are named after: the same, except for a file of several scenes.
    scene : str
        Which scene of the file; empty where it has one.
    path : str
        The file with all links resolved; empty for an image that came from Python.
    size : int
        Bytes of the file.
    sha256 : str
        Of the file's content; empty where it could not be read.
    settings : str
        Hash of everything that decides the result.
    options : str
        The options that differ from the defaults, for people.
    version : str
        Of hooke.
    rows : list of dict
        Its rows of ``summary.csv``.
    files : dict of str to Written
        Its results, by their path within the output folder.
    error : str
        Why its last turn failed; the rows and files are those of an earlier one then, if any.
    channels : dict of str to str
        The file of each channel, of an image of several files (`hooke.io.channel_files`); empty for others.
    """

    name: str
    base: str
    scene: str
    path: str
    size: int
    sha256: str
    settings: str
    options: str
    version: str
    rows: list[dict[str, Any]]
    files: dict[str, Written] = field(default_factory=dict)
    error: str = ""
    channels: dict[str, str] = field(default_factory=dict)

    def to_json(self) -> str:
        """Write it, with a hash of itself by which damage shows."""
        content = asdict(self)
        return json.dumps({"entry": content, "sha256": _hash(content)})

    @classmethod
    def from_json(cls, text: bytes) -> Entry | None:
        """Read it; None where a byte of it has changed or it is something else."""
        try:
            read = json.loads(text)
            content = read["entry"]
            if read["sha256"] != _hash(content):
                return None
            files = {name: Written(**written) for name, written in content["files"].items()}
            entry = cls(**{**content, "files": files})
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            return None
        return entry if entry._is_valid() else None

    @property
    def is_done(self) -> bool:
        """Whether there are results."""
        return bool(self.rows) and bool(self.files)

    def is_whole(self, out: Path) -> bool:
        """Whether all its results are there as they were written."""
        files = [(out / name, written) for name, written in self.files.items()]
        sizes = self.is_done and all(written.is_there(path) for path, written in files)  # quick, and settles most
        return sizes and all(written.is_whole(path) for path, written in files)

    def has_objects(self, out: Path, *, by_size: bool = False) -> bool:
        """Whether its labels and measurements are there as they were written, or files of their sizes."""
        needed = [name for name in self.files if not name.startswith("overlays/") and not name.endswith(".jpg")]
        check = Written.is_there if by_size else Written.is_whole
        return self.is_done and all(check(self.files[name], out / name) for name in needed)

    def _is_valid(self) -> bool:
        """Whether each value is of its type."""
        origin = (self.name, self.base, self.scene, self.path, self.sha256)
        texts = (*origin, self.settings, self.options, self.version, self.error)
        return (
            all(isinstance(text, str) for text in texts)
            and bool(self.name)
            and _is_count(self.size)
            and isinstance(self.rows, list)
            and all(isinstance(row, dict) and _is_count(row.get("count")) for row in self.rows)
            and all(is_result(name) and _is_count(written.size) for name, written in self.files.items())
            and all(isinstance(written.sha256, str) for written in self.files.values())
            and isinstance(self.channels, dict)
            and all(isinstance(text, str) for item in self.channels.items() for text in item)
        )


def run_entries(out: Path) -> list[Entry]:
    """Read what is known of each image of a run's output: all paths are whole."""
    entries = read_entries(out / ".hooke")
    return [entries[name] for name in sorted(entries)]


def read_entries(folder: Path) -> dict[str, Entry]:
    """All entries of a folder that are whole."""
    found = map(read_entry, folder.glob("*.json"))
    return {entry.name: entry for entry in found if entry is not None}


def read_entry(path: Path) -> Entry | None:
    """The entry of one image; None where there is none that is whole."""
    try:
        entry = Entry.from_json(path.read_bytes())
    except OSError:
        return None
    return entry if entry is not None and entry.name == path.name.removesuffix(".json") else None


def is_result(name: str) -> bool:
    """Whether a path within an output folder is one that results have: nothing else is ever read or removed."""
    parts = PurePosixPath(name).parts
    return len(parts) == 2 and parts[0] in _FOLDERS and parts[1] not in (".", "..") and "\\" not in parts[1]


def _hash(content: Any) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0
