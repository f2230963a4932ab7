"""Defines `Shard`: the part of a run that one job of an array takes, and where its results wait to be merged."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from hooke.errors import ConfigError

#: Folder within an output folder in which each shard has a folder of its own, like that of a run by itself.
SHARDS = "shards"
_MOST = 100_000

Part = TypeVar("Part")


@dataclass(frozen=True)
class Shard:
    """One of several jobs that share the images of a run, and the blocks of its large images.

    Who does what follows from the order of the images alone, so that jobs need not know of each other.

    Parameters
    ----------
    number : int
        Which, 1..count.
    count : int
        How many there are.

    Examples
    --------
    >>> shard = Shard.parse("2/3")
    >>> [place for place in range(7) if shard.has(place)], shard.run_of(range(7))
    ([1, 4], [2, 3])
    """

    number: int
    count: int

    @classmethod
    def parse(cls, text: str | Shard) -> Shard:
        """Read ``"2/8"``: the second of eight.

        Raises
        ------
        ConfigError
            When it is not such a text.
        """
        if isinstance(text, Shard):
            return text
        match = re.fullmatch(r"\s*([0-9]{1,6})\s*/\s*([0-9]{1,6})\s*", text)
        if match is None or not 1 <= int(match[1]) <= int(match[2]) <= _MOST:
            remedy = "give which of how many, counted from 1: 1/8 to 8/8"
            raise ConfigError(f"shard is {text!r}", remedy=remedy)
        return cls(int(match[1]), int(match[2]))

    def __str__(self) -> str:
        return f"{self.number}/{self.count}"

    def folder(self, out: Path) -> Path:
        """Where the results wait: jobs that write to folders of their own can't be in each other's way."""
        return out / SHARDS / f"{self.number}-of-{self.count}"

    def has(self, place: int) -> bool:
        """Whether an image is this shard's, by its place among all: every n-th is, so that slow ones are spread."""
        return place % self.count == self.number - 1

    def run_of(self, parts: Sequence[Part]) -> list[Part]:
        """The shard's parts of one image: a run of neighbours, which share what lies at their borders."""
        first, last = ((number * len(parts)) // self.count for number in (self.number - 1, self.number))
        return list(parts[first:last])


def shard_folders(out: Path) -> Iterator[tuple[Shard, Path]]:
    """Shards whose results wait in an output folder, in their order."""
    found = []
    for path in (out / SHARDS).glob("*-of-*"):
        number, _, count = path.name.partition("-of-")
        if number.isdecimal() and count.isdecimal() and ((path / "run.json").is_file() or (path / ".hooke").is_dir()):
            found.append((Shard(int(number), int(count)), path))
    return iter(sorted(found, key=lambda item: (item[0].count, item[0].number)))
