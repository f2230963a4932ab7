"""Names files by their content."""

from __future__ import annotations

import hashlib
from pathlib import Path


def hash_file(path: Path) -> str:
    """SHA-256 of a file's content; of a store, of the names and contents of all files in it."""
    if not path.is_dir():
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    digest = hashlib.sha256()
    for part in files_of_store(path):
        digest.update(f"{part.relative_to(path).as_posix()}\n{hash_file(part)}\n".encode())
    return digest.hexdigest()


def files_of_store(path: Path) -> list[Path]:
    """All files below a folder, in one order everywhere."""
    return sorted((part for part in path.rglob("*") if part.is_file()), key=lambda part: part.as_posix())
