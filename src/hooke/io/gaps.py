"""Counts the parts of a file that are missing or damaged and were filled, so that nobody takes them for background."""

from __future__ import annotations

import threading
from collections.abc import Hashable, Sequence


class Gaps:
    """Parts of one image (tiles, strips, chunks, rows) that could not be read, each counted once; safe for threads.

    Parameters
    ----------
    part : str
        What they are.
    inner : sequence of Gaps
        Those of the files that the image is made of, which count too.

    Examples
    --------
    >>> gaps = Gaps("tile")
    >>> gaps.add((0, 1)), gaps.add((0, 1))
    (None, None)
    >>> gaps.notes
    ('1 tile missing or damaged in the file: filled with 0, so nothing is found there; copy or export the file again',)
    """

    def __init__(self, part: str, inner: Sequence[Gaps] = ()) -> None:
        self.part = part
        self._inner = inner
        self._found: set[Hashable] = set()
        self._absent: set[Hashable] = set()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._found) + sum(map(len, self._inner))

    def add(self, part: Hashable) -> None:
        """Note a part that is missing."""
        with self._lock:
            self._found.add(part)

    def add_absent(self, part: Hashable) -> None:
        """Note a part that was never stored, or is not there any more: nobody can tell which."""
        with self._lock:
            self._absent.add(part)

    @property
    def absent(self) -> int:
        """Parts that are not there."""
        return len(self._absent) + sum(inner.absent for inner in self._inner)

    @property
    def notes(self) -> tuple[str, ...]:
        """What the user should know; empty where all was there."""
        count, absent = len(self), self.absent
        said = []
        if absent:
            said.append(
                f"{absent} of the {self.part}s that were read are not in the store and count as its fill value: most "
                "writers leave out empty ones, but a copy that was cut short looks the same"
            )
        if count:
            parts = self.part if count == 1 else f"{self.part}s"
            said.append(
                f"{count} {parts} missing or damaged in the file: filled with 0, so nothing is found there; copy or "
                "export the file again"
            )
        return tuple(said)
