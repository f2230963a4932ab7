"""Writes files that appear under their own name only when complete, and removes what killed runs left."""

from __future__ import annotations

import contextlib
import errno
import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hooke.errors import OutputError

_PREFIX = ".hooke-"
_PARTIAL = ".part"


@contextmanager
def atomic_path(target: str | Path) -> Iterator[Path]:
    """Write to a temporary sibling that takes the target's name on success and vanishes on failure.

    The file is on the disk before it takes the name, so that a loss of power leaves the old file or the new one.

    Parameters
    ----------
    target : str or Path
        The file to make or to replace. Missing parent folders are made.

    Yields
    ------
    Path
        A hidden name in the target's folder with the target's suffix. Write the file there. Such a name as target is
        given back as it is.

    Raises
    ------
    OutputError
        If the folder can't be made or written to, the disk is full, or the target is a folder.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> with atomic_path(folder / "new" / "a.txt") as path:
    ...     _ = path.write_text("done")
    >>> (folder / "new" / "a.txt").read_text()
    'done'
    """
    target = Path(target)
    if target.name.startswith(_PREFIX) and _PARTIAL in target.name:  # of an outer block, which will rename it
        yield target
        return
    with atomic_paths(target) as (part,):
        yield part


@contextmanager
def atomic_paths(*targets: Path) -> Iterator[list[Path]]:
    """Write several files that take their names one right after the other: a run that is killed leaves all or none.

    All are on the disk before the first takes its name. Else as `atomic_path`, which writes one.
    """
    # The suffix stays last because writers (Pillow, pandas) choose the format by it; the leading dot keeps a
    # leftover of a killed run out of the sight of `find_images`.
    parts = [one.with_name(f"{_PREFIX}{uuid.uuid4().hex[:12]}{_PARTIAL}{one.suffix}") for one in targets]
    pairs = list(zip(parts, targets, strict=True))
    try:
        for target in targets:
            target.parent.mkdir(parents=True, exist_ok=True)
        yield parts
        for part in parts:
            _flush(part)
        for part, target in pairs:
            os.replace(part, target)  # noqa: PTH105 - Path.replace is the same call; this one is what the docs promise
    except OSError as error:
        concerned = next((target for part, target in pairs if _concerns_output(error, part, target)), None)
        if concerned is None:
            raise
        raise output_error(error, concerned) from error
    finally:
        for part in parts:
            _remove(part)


def _concerns_output(error: OSError, part: Path, target: Path) -> bool:
    """Whether the error is about the file being written, not about another one that the block reads."""
    if error.filename is None:
        return True
    name = Path(os.fsdecode(error.filename))
    return name in (part, target) or name == target.parent or name in target.parents


def remove_partial_files(folder: Path) -> None:
    """Remove temporary files that a killed run left in a folder and its subfolders, one level down.

    Only where no other run writes to the folder: see `hooke.io.lock`.
    """
    for path in (*folder.glob(f"{_PREFIX}*{_PARTIAL}*"), *folder.glob(f"*/{_PREFIX}*{_PARTIAL}*")):
        _remove(path)


def _flush(path: Path) -> None:
    """Wait until a file's bytes are on the disk, if the file system supports it."""
    if path.is_file():
        with path.open("rb+") as file, contextlib.suppress(OSError):
            os.fsync(file.fileno())


def output_error(error: OSError, target: Path) -> OutputError:
    """Say what stood in the way of writing a file, and what to do."""
    if target.is_dir():
        return OutputError("can't be written: a folder has this name", path=target, remedy="choose another output")
    blocking = next((parent for parent in target.parents if parent.exists() and not parent.is_dir()), None)
    if blocking is not None:
        return OutputError(
            f"can't be written: {blocking} is a file, not a folder", path=target, remedy="choose another output folder"
        )
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return OutputError(
            "can't be written: the disk is full", path=target, remedy="free some space or write to another disk"
        )
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return OutputError(
            "can't be written: no permission",
            path=target,
            remedy="choose a folder you may write to, and close the file if another program has it open",
        )
    reason = error.strerror or str(error)
    return OutputError(f"can't be written: {reason}", path=target, remedy="choose another output folder")


def _remove(part: Path) -> None:
    """Remove the temporary file if it is there; never hide the error that led here."""
    with contextlib.suppress(OSError):
        part.unlink(missing_ok=True)
