"""Names files by their content."""

from __future__ import annotations

import hashlib
from pathlib import Path

from hooke.addresses import is_url
from hooke.io.remote import remote_file


def hash_file(path: Path) -> str:
    """SHA-256 of a file's content; of a store, of the names and contents of all files in it.

    Of what is on a server, of what tells whether it changed: see `hooke.io.remote.RemoteFile.fingerprint`.
    """
    if is_url(path):
        return remote_file(path).fingerprint[1]
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
