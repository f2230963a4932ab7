"""A folder with files to mutate."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

__all__ = ["Source"]


@dataclass(frozen=True)
class Source:
    """A folder with the files to mutate, and what else belongs to them."""

    folder: Path
    targets: tuple[Path, ...]
