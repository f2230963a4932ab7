"""Lets one run at a time write to an output folder; a second one is refused, and the error names the first."""

from __future__ import annotations

import contextlib
import json
import os
import platform
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hooke.errors import OutputError
from hooke.io.atomic import output_error, remove_partial_files

_NAME = ".hooke-lock"
_PAUSE = 0.05  # seconds between two tries


@contextmanager
def only_run(folder: str | Path, *, wait: float = 0.0) -> Iterator[None]:
    """Keep other runs out of an output folder for the length of a block.

    The lock is the operating system's, on a file ``.hooke-lock`` that is removed at the end: a killed run holds none.
    Once it is held, temporary files that killed runs left are removed. On a file system that knows no locks, the block
    runs without.

    Parameters
    ----------
    folder : str or Path
        Made if it is not there.
    wait : float
        Seconds to wait for another run to end.

    Raises
    ------
    OutputError
        If another run holds the folder, or it can't be written to.
    """
    path = Path(folder) / _NAME
    made = not path.parent.exists()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = _acquire(path, time.monotonic() + wait)
    except OSError as error:
        raise output_error(error, path) from error
    try:
        remove_partial_files(path.parent)
        yield
    finally:
        _release(file, path)
        if made:
            with contextlib.suppress(OSError):  # it holds results
                path.parent.rmdir()


def _acquire(path: Path, deadline: float) -> int:
    """Open and lock the file; say in it who holds it."""
    while True:
        file = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        if _lock(file):
            if _is_same(file, path):
                break
        elif time.monotonic() >= deadline:
            os.close(file)
            raise OutputError(
                f"another run writes to this folder{_holder(path)}",
                path=path.parent,
                remedy="wait until it ends, or choose another output folder",
            )
        os.close(file)
        time.sleep(_PAUSE)
    os.truncate(file, 0)
    me = {"pid": os.getpid(), "host": platform.node(), "started": time.strftime("%Y-%m-%d %H:%M:%S")}
    os.write(file, json.dumps(me).encode())
    return file


def _release(file: int, path: Path) -> None:
    """Remove the file and the lock, in this order where the system allows it, so that no other run's file goes."""
    if sys.platform == "win32":
        os.close(file)
    with contextlib.suppress(OSError):
        path.unlink()
    if sys.platform != "win32":
        os.close(file)


def _holder(path: Path) -> str:
    """Who holds the lock, as far as the file says."""
    try:
        said: Any = json.loads(path.read_text(encoding="utf-8"))
        return f" (process {said['pid']} on {said['host']}, since {said['started']})"
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return ""


def _is_same(file: int, path: Path) -> bool:
    """Whether the locked file still has its name: its last holder may have removed it meanwhile."""
    try:
        return os.path.samestat(os.fstat(file), path.stat())
    except OSError:
        return False


if sys.platform == "win32":
    import msvcrt

    _FAR = 1 << 30  # Windows keeps others from reading a locked byte

    def _lock(file: int) -> bool:
        """Lock an open file unless another process has done so."""
        os.lseek(file, _FAR, os.SEEK_SET)
        try:
            msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        finally:
            os.lseek(file, 0, os.SEEK_SET)
        return True

else:
    import fcntl

    def _lock(file: int) -> bool:
        """Lock an open file unless another process has done so."""
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError:  # no locks on this file system
            return True
        return True
