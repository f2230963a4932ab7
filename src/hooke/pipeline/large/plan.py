"""Plans a large image: whether it is cut into blocks, how large they are, and how many are in work at once."""

from __future__ import annotations

import math
from dataclasses import dataclass

from hooke.io import ImageFile
from hooke.io.lazy_plane import LazyPlane
from hooke.io.levels import Region
from hooke.limits import check_memory
from hooke.pipeline.memory import BASE, job_bytes

#: Pixels from which an image is cut into blocks though it fits into memory.
MANY = 1 << 26
#: Side of a block, pixels, unless another is asked for.
SIDE = 2048
_PER_PIXEL = 40  # bytes: of a block's window, all that is held of it at once
_WINDOW = 1.35  # area of a block's window over that of the block, as a rule
_LARGEST_WINDOW = 4.5  # ... and the largest that an object may make it, one at a time
_TILES = 96 << 20  # bytes of predicted tiles that wait for the next row of blocks, at least
_SHARE = 0.25  # of what is left, that they may take


def needs_blocks(file: ImageFile, pixels: int, budget: int) -> bool:
    """Whether an image of a number of pixels is cut into blocks: it is large, or needs more memory than it may take."""
    if len(file) > 1:
        return False
    side = math.isqrt(pixels)
    share = pixels / max(1, math.prod(file.plane_shape[:2]))
    return pixels > MANY or job_bytes((side, side), round(file.read_bytes * share)) > budget


def is_shared(file: ImageFile, region: Region | None, side: int | None) -> bool:
    """Whether the jobs of an array share the blocks of an image.

    Of one that is larger than 67 megapixels, or where the side of blocks was given. The memory plays no part, so that
    all jobs agree.
    """
    pixels = math.prod(file.plane_shape[:2]) if region is None else region[2] * region[3]
    return len(file) == 1 and (side is not None or pixels > MANY)


@dataclass(frozen=True)
class Plan:
    """How an image is cut into blocks.

    Parameters
    ----------
    side : int
        Of a block, pixels.
    workers : int
        Blocks in work at once.
    tile_bytes : int
        Bytes that predicted tiles may take which wait for the next row of blocks.
    """

    side: int
    workers: int
    tile_bytes: int


def plan_blocks(plane: LazyPlane, budget: int, threads: int, side: int | None = None) -> Plan:
    """Plan for an image and the memory that there is.

    Parameters
    ----------
    plane : LazyPlane
    budget : int
        Bytes that the run may take.
    threads : int
        The most blocks at once.
    side : int, optional
        Of a block; when not given, the largest up to `SIDE` that fits.

    Raises
    ------
    ImageReadError
        When not even one block fits.
    """
    pixel_bytes = math.prod(plane.shape[2:]) * plane.dtype.itemsize
    fixed = BASE + _TILES + plane.read_bytes
    sides = [side] if side is not None else [SIDE, SIDE // 2, SIDE // 4]
    needs = {each: _block_bytes(each, pixel_bytes) for each in sides}
    wide = _LARGEST_WINDOW / _WINDOW
    chosen = next((each for each in sides if fixed + wide * needs[each] <= budget), sides[-1])
    one = needs[chosen]
    check_memory(fixed + wide * one, plane.file.path, budget=budget)
    left = budget - fixed - wide * one
    workers = 1 + int(min(threads - 1, left // one))
    return Plan(chosen, workers, _TILES + int(_SHARE * max(0, left - (workers - 1) * one)))


def _block_bytes(side: int, pixel_bytes: int) -> float:
    """Bytes that one block in work takes."""
    return _WINDOW * side**2 * (_PER_PIXEL + 2 * pixel_bytes)
