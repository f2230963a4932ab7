"""Limits the memory that a job may use and that a file may need, and refuses what is above.

A header can promise any number of pixels; nothing is allocated on its word. Two rules hold:

- what a job needs is estimated before its pixels are read, and must fit the budget: three quarters of the memory that
  is free, or what the user allows (`check_memory`);
- what a file promises must be possible for its size: a codec expands its input by so much and no more
  (`check_promise`).
"""

from __future__ import annotations

import ctypes
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from hooke.errors import ConfigError, HookeError, ImageReadError

SHARE = 0.75  # of the free memory that a job may take unless the user says otherwise
SMALL_PROMISE = 1 << 26  # bytes that any file may need, even a small one
_UNITS = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40}
_CGROUPS = Path("/sys/fs/cgroup")


def default_budget() -> int:
    """Bytes that a job may take where the user does not say: three quarters of what is free now."""
    return int(SHARE * free_memory())


def check_memory(
    needed: float,
    path: str | Path | None = None,
    *,
    budget: int | None = None,
    error: type[HookeError] = ImageReadError,
) -> None:
    """Refuse a job that needs more memory than it may take.

    Parameters
    ----------
    needed : float
        Bytes, estimated.
    path : str or Path, optional
        The file, to name it.
    budget : int, optional
        Bytes; `default_budget` where not given.
    error : type of HookeError
        What to raise.

    Raises
    ------
    HookeError
        Of the type `error`, with both figures and the way out.

    Examples
    --------
    >>> check_memory(3e9, "slide.tif", budget=1 << 30)
    Traceback (most recent call last):
        ...
    hooke.errors.ImageReadError: slide.tif: needs about 2.8 GiB of memory and may take 1.0 GiB; cut the image into \
parts, close other programs, or allow more with --max-memory (max_memory)
    """
    if needed <= SMALL_PROMISE and budget is None:
        return
    allowed = default_budget() if budget is None else budget
    if needed > allowed:
        raise error(
            f"needs about {format_bytes(needed)} of memory and may take {format_bytes(allowed)}",
            path=path,
            remedy="cut the image into parts, close other programs, or allow more with --max-memory (max_memory)",
        )


def check_promise(
    promised: float,
    held: float,
    factor: float,
    path: str | Path | None = None,
    *,
    what: str = "its header",
    error: type[HookeError] = ImageReadError,
) -> None:
    """Refuse a file that promises more bytes than what it holds can become.

    Parameters
    ----------
    promised : float
        Bytes of what is to be made of it.
    held : float
        Bytes really present.
    factor : float
        How many bytes one byte can become at most.
    path : str or Path, optional
        The file, to name it.
    what : str
        What makes the promise.
    error : type of HookeError
        What to raise.

    Raises
    ------
    HookeError
        Of the type `error`, with both figures.

    Examples
    --------
    >>> check_promise(4e9, 134, 1, "tiny.tif")
    Traceback (most recent call last):
        ...
    hooke.errors.ImageReadError: tiny.tif: damaged: its header promises 3.7 GiB, and the 134 bytes that are there \
can't hold that; copy or export it again
    """
    if promised > max(held * factor, SMALL_PROMISE):
        raise error(
            f"damaged: {what} promises {format_bytes(promised)}, and the {format_bytes(held)} that are there "
            "can't hold that",
            path=path,
            remedy="copy or export it again",
        )


def parse_bytes(text: str | int | float, name: str = "max_memory") -> int:
    """Read an amount of memory: bytes, or a number with K, M, G or T (powers of 1024).

    Raises
    ------
    ConfigError
        If it is not one; it says which setting is meant, by its name.

    Examples
    --------
    >>> parse_bytes("1.5G"), parse_bytes("512 MiB"), parse_bytes(2e9)
    (1610612736, 536870912, 2000000000)
    """
    found = re.fullmatch(r"(?i)\s*(\d+(?:\.\d*)?(?:e\+?\d{1,2})?)\s*([kmgt]?)(?:i?b)?\s*", str(text))
    amount = float(found[1]) * _UNITS[found[2].lower()] if found else 0.0
    if not 1 <= amount < 1 << 62:
        raise ConfigError(f"{name} is {text!r}", remedy="give bytes, or an amount such as 8G or 500M")
    return int(amount)


def format_bytes(amount: float) -> str:
    """Write an amount of memory in the unit that people use for it.

    Examples
    --------
    >>> format_bytes(134), format_bytes(4700), format_bytes(3.97e9)
    ('134 bytes', '4.6 KiB', '3.7 GiB')
    """
    for power, unit in ((40, "TiB"), (30, "GiB"), (20, "MiB"), (10, "KiB")):
        if amount >= 1 << power:
            return f"{amount / (1 << power):.1f} {unit}"
    return f"{int(amount)} bytes"


def free_memory() -> int:
    """Bytes that this process can still take: of the machine, of its container, of its own limit, the least.

    If the system does not report it, half of the machine's memory, or what every machine has: 2 GiB.
    """
    return max(0, min([_free_of_machine(), *_free_of_containers(), *_free_of_process()]))


def _free_of_machine() -> int:
    """Bytes that programs can take without others being moved to disk."""
    if sys.platform == "win32":
        return _free_of_windows()
    found = _match(_text(Path("/proc/meminfo")), r"MemAvailable:\s+(\d+) kB")
    if found is not None:
        return found * 1024
    if sys.platform == "darwin" and (free := _free_by_vm_stat(int(time.monotonic()))) is not None:
        return free
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2
    except (ValueError, OSError):
        return 2 << 30


@lru_cache(maxsize=1)
def _free_by_vm_stat(second: int) -> int | None:
    """Ask macOS, once a second at most."""
    try:
        said = subprocess.run(["/usr/bin/vm_stat"], capture_output=True, text=True, timeout=5, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        return None
    return _parse_vm_stat(said)


def _parse_vm_stat(said: str) -> int | None:
    """Sum up the pages that macOS can give: free, and those that it holds in case they are asked for again."""
    page = _match(said, r"page size of (\d+) bytes")
    kinds = (_match(said, rf"Pages {kind}:\s+(\d+)") for kind in ("free", "inactive", "speculative", "purgeable"))
    pages = [count for count in kinds if count is not None]
    return page * sum(pages) if page and pages else None


class _WindowsMemory(ctypes.Structure):
    """MEMORYSTATUSEX of the Windows API."""

    _fields_ = (
        ("length", ctypes.c_uint32),
        ("load", ctypes.c_uint32),
        *((name, ctypes.c_uint64) for name in ("total", "free", "pages", "free_pages", "space", "free_space", "more")),
    )


def _free_of_windows() -> int:
    """Ask Windows for the physical memory that is free."""
    if sys.platform != "win32":
        raise OSError("not Windows")
    status = _WindowsMemory(length=ctypes.sizeof(_WindowsMemory))
    asked = ctypes.windll.kernel32.GlobalMemoryStatusEx(ctypes.byref(status))
    return int(status.free) if asked else 2 << 30


def _free_of_containers(root: Path = _CGROUPS, said: str | None = None) -> Iterator[int]:
    """Bytes left to each control group (a container, a job of a cluster) that limits this process, of either version.

    Parameters
    ----------
    root : Path
        Where the control groups are mounted.
    said : str, optional
        What /proc/self/cgroup says, one group a line: number, controllers and path with colons between.
    """
    lines = (_text(Path("/proc/self/cgroup")) if said is None else said).splitlines()
    for line in lines:
        number, _, rest = line.partition(":")
        controllers, _, group = rest.partition(":")
        if number == "0" and not controllers:
            base, most, used, cache = root, "memory.max", "memory.current", "inactive_file"
        elif "memory" in controllers.split(","):
            base, most, used = root / "memory", "memory.limit_in_bytes", "memory.usage_in_bytes"
            cache = "total_inactive_file"
        else:
            continue
        inner = base / group.lstrip("/")
        # Within a container its own group is mounted as the root, regardless of its path outside.
        for folder in dict.fromkeys(
            [inner, *(parent for parent in inner.parents if parent.is_relative_to(base)), base]
        ):
            limit = _match(_text(folder / most), r"^(\d+)\s*$")
            if limit is not None:
                held = _match(_text(folder / used), r"^(\d+)\s*$") or 0
                spare = _match(_text(folder / "memory.stat"), rf"(?m)^{cache} (\d+)$") or 0
                yield limit - max(0, held - spare)


def _free_of_process() -> Iterator[int]:
    """Bytes left to this process under its own limit on address space (``ulimit -v``), where there is one."""
    if sys.platform == "win32":
        return
    import resource

    limit = resource.getrlimit(resource.RLIMIT_AS)[0]
    if limit != resource.RLIM_INFINITY:
        pages = _match(_text(Path("/proc/self/statm")), r"^(\d+)") or 0
        yield limit - pages * os.sysconf("SC_PAGE_SIZE")


def _match(text: str, pattern: str) -> int | None:
    """Find a number in a text."""
    found = re.search(pattern, text)
    return int(found[1]) if found else None


def _text(path: Path) -> str:
    """Read a file of the system; empty where it is not there."""
    try:
        return path.read_text(encoding="ascii", errors="replace")
    except OSError:
        return ""
