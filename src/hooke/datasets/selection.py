"""Choose which images of a source to prepare: those that its adapter found, or of them those on a list."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from hooke.datasets.layout import Entry
from hooke.datasets.splits import read_split
from hooke.errors import DatasetError, HookeError
from hooke.io.name_match import match_names

LONGEST_ID = 200  # bytes; file systems take 255, and a name gets a suffix


@dataclass
class Selection:
    """The images of a source, sorted out.

    Attributes
    ----------
    usable : list of Entry
        All that have a name of their own.
    wanted : list of Entry
        Those to make, as the source and the list describe them.
    left_out, absent : list of str
        In the source and not in the list; in the list and not in the source.
    failed : dict of str to HookeError
        Why an image has no name of its own.
    """

    usable: list[Entry] = field(default_factory=list)
    wanted: list[Entry] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    absent: list[str] = field(default_factory=list)
    failed: dict[str, HookeError] = field(default_factory=dict)


def select(found: Sequence[Entry], src: Path, split_from: str | Path | None = None) -> Selection:
    """Sort out the images of a source.

    Parameters
    ----------
    found : sequence of Entry
        What the adapter found.
    src : Path
        The source, for error messages.
    split_from : str or Path, optional
        A list of the images to make (`read_split`); without it, all that are usable.

    Raises
    ------
    DatasetError
        If the list can't be read.
    """
    selection = Selection()
    counts = Counter(entry.id for entry in found)
    for entry in found:
        twice = f"{counts[entry.id]} images have this name" if counts[entry.id] > 1 else None
        fault = _fault(entry.id) or twice
        if fault is None:
            selection.usable.append(entry)
        else:
            shown = entry.id.encode("utf-8", "backslashreplace").decode()
            selection.failed[shown] = DatasetError(f"{shown!r}: {fault}", path=src, remedy="rename it in the source")
    if split_from is None:
        selection.wanted = selection.usable
        return selection
    given = read_split(split_from)
    meant = match_names(given, counts, path=split_from)
    listed = {meant[name]: replace(entry, id=meant[name]) for name, entry in given.items() if name in meant}
    selection.wanted = [listed[entry.id].completed(entry) for entry in selection.usable if entry.id in listed]
    selection.left_out = [entry.id for entry in selection.usable if entry.id not in listed]
    selection.absent = [name for name in given if name not in meant]
    return selection


def _fault(id_: str) -> str | None:
    """Say why an id can't be the stem of a file name, if so."""
    try:
        length = len(id_.encode())
    except UnicodeEncodeError:
        return "the name is not UTF-8"
    if not id_.strip(". ") or any(character in "/\\" or ord(character) < 32 for character in id_):
        return "the name is not a file name"
    return "the name is too long" if length > LONGEST_ID else None
