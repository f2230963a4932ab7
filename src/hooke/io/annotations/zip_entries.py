"""Lists the files of a zip without those that macOS adds beside each (``__MACOSX/._a.roi``), and other hidden ones."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from zipfile import BadZipFile, ZipFile, ZipInfo


def visible_entries(archive: ZipFile) -> list[ZipInfo]:
    """List the entries that a person put there, in the order of the file."""
    return [entry for entry in archive.infolist() if not _is_hidden(entry.filename)]


def file_names(path: Path) -> list[str]:
    """Names of the files that a person put into a zip; none of a damaged one, which its reader refuses."""
    try:
        with ZipFile(path) as archive:
            return [entry.filename for entry in visible_entries(archive) if not entry.is_dir()]
    except (OSError, BadZipFile, NotImplementedError):
        return []


def _is_hidden(name: str) -> bool:
    """Whether a name is one of macOS' own, or begins with a dot.

    Examples
    --------
    >>> _is_hidden("__MACOSX/masks/._a.png"), _is_hidden("masks/.DS_Store"), _is_hidden("masks/a.png")
    (True, True, False)
    """
    parts = PurePosixPath(name).parts
    return "__MACOSX" in parts or (bool(parts) and parts[-1].startswith("."))
