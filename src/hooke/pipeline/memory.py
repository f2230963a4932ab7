"""Estimates the memory that segmenting an image takes, before its pixels are read, and refuses what is too much."""

from __future__ import annotations

import math

from hooke.io import ImageFile
from hooke.io.lazy_plane import LazyPlane
from hooke.limits import check_memory, default_budget, parse_bytes

#: Bytes of the interpreter, its libraries, the network and two tiles in work.
# Measured on images of 0.3 to 67 megapixels of every type (see benchmarks/memory.py): the interpreter, its libraries,
# the network and two tiles in work; then for each pixel the maps (3 of 2 bytes), labels, overlay and what makes them.
BASE = 320 << 20
_PER_PIXEL = 24
_COPIES = 2  # of the pixels as stored
_PER_WAITING_PIXEL = 0.05  # labels of a stack wait compressed until all are known


def job_bytes(plane_shape: tuple[int, ...], read_bytes: int, planes: int = 1) -> float:
    """Bytes that segmenting a file, plane by plane, takes at its peak.

    Parameters
    ----------
    plane_shape : tuple of int
        (Y, X) or (Y, X, C).
    read_bytes : int
        Bytes of a plane as decoded.
    planes : int

    Examples
    --------
    >>> round(job_bytes((8192, 8192), 8192 * 8192) / 2**30, 2)
    1.94
    """
    pixels = math.prod(plane_shape[:2])
    waiting = _PER_WAITING_PIXEL * pixels * planes if planes > 1 else 0
    return BASE + _PER_PIXEL * pixels + _COPIES * read_bytes + waiting


def check_plane(plane: LazyPlane, max_memory: int | None = None) -> None:
    """Refuse to segment a region that would take more memory than it may; see `check_job`."""
    budget = job_budget() if max_memory is None else max_memory
    pixels = math.prod(plane.shape) * plane.dtype.itemsize
    check_memory(job_bytes(plane.shape, pixels) + plane.read_bytes, plane.file.path, budget=budget)


def job_budget(max_memory: int | str | None = None) -> int:
    """Bytes that a job may take: as given, or three quarters of the free memory and what hooke itself takes.

    Raises
    ------
    ConfigError
        If `max_memory` is not an amount of memory.
    """
    return BASE + default_budget() if max_memory is None else parse_bytes(max_memory)


def check_job(file: ImageFile, max_memory: int | None = None) -> None:
    """Refuse to segment a file that would take more memory than it may.

    Parameters
    ----------
    file : ImageFile
    max_memory : int, optional
        Bytes; `job_budget` when not given.

    Raises
    ------
    ImageReadError
        With both figures and the way out.
    """
    budget = job_budget() if max_memory is None else max_memory
    check_memory(job_bytes(file.plane_shape, file.read_bytes, len(file)), file.path, budget=budget)
