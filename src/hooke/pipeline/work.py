"""Defines what a run works on: an image, the contents of its file, the settings, and the results so far."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from hooke.addresses import real_path
from hooke.io import atomic_path
from hooke.io.entry import Written


@dataclass(frozen=True)
class Settings:
    """What decides the results of a run: a hash of all of it, the options for people, and hooke's version."""

    hash: str
    options: str
    version: str


@dataclass(frozen=True)
class Origin:
    """An image, or one scene of a file: what its results are named after, and its path."""

    name: str
    base: str
    path: Path | None
    scene: str = ""

    @property
    def key(self) -> tuple[str, str]:
        """What identifies it: the resolved path, or URL, and the scene."""
        return ("" if self.path is None else real_path(self.path), self.scene)


@dataclass(frozen=True)
class Content:
    """What a file held when it was read."""

    size: int
    modified: int
    sha256: str


@dataclass
class Work:
    """Results of one image while they are made."""

    out: Path
    parts: ExitStack
    files: dict[str, Path] = field(default_factory=dict)
    tables: list[pd.DataFrame] = field(default_factory=list)
    rows: list[dict[str, Any]] = field(default_factory=list)
    written: dict[str, Written] = field(default_factory=dict)

    def place(self, target: Path) -> Path:
        """Where to write a result so that it takes its place when all are there."""
        part = self.parts.enter_context(atomic_path(target))
        self.files[target.relative_to(self.out).as_posix()] = part
        return part
