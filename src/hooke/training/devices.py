"""Adapts a run to its machine: precision, memory, and its share if several devices train together."""

from __future__ import annotations

import ctypes
import os
import sys
import time
from typing import Literal, get_args

import torch
from torch import distributed, nn
from torch.utils.data import get_worker_info

Resolved = Literal["32-true", "bf16-mixed", "16-mixed"]

_TIMES = 20  # that two ways are timed
_CLEARLY = 0.7  # of the time in 32 bits, that 16 must not exceed to be worth their rounding

# Parameters of mallopt(3) in glibc's malloc.h, and what they are set to.
_MALLOPT = {
    -4: 0,  # M_MMAP_MAX: no block gets a mapping of its own, which would go back to the system when freed
    -1: 2**31 - 1,  # M_TRIM_THRESHOLD: the heap's free end is not given back
    -2: 2**28,  # M_TOP_PAD: the heap grows by this many bytes at a time
}


def limit_allocator_trim() -> bool:
    """Let this process keep the memory that it frees, for its next step; only glibc has this setting.

    A training step on the CPU frees the same hundreds of megabytes that the next one needs. Left to itself, glibc
    hands them to the system and gets them back page by page, each cleared first: some 20 % of a step's time in
    single precision (docs/explanation/experiments.md).

    Returns
    -------
    bool
        Whether the allocator took it.
    """
    if not sys.platform.startswith("linux"):
        return False
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError):  # another C library, such as musl
        return False
    taken = [mallopt(name, value) for name, value in _MALLOPT.items()]  # each of them, even if others failed
    return all(taken)


def resolve_precision(asked: str, accelerator: str = "auto", *, timed: bool = True) -> Resolved:
    """Precision that ``auto`` stands for: mixed where that is faster, on a GPU or on a processor, else single.

    Parameters
    ----------
    asked : str
        ``auto``, or one that Lightning knows, which is kept.
    accelerator : str
        As Lightning takes it.
    timed : bool
        Whether a processor may be judged by its times, which differ between runs; otherwise it computes in single.
    """
    if asked != "auto":
        assert asked in get_args(Resolved)
        return asked  # type: ignore[return-value]
    if accelerator != "cpu" and torch.cuda.is_available():
        return "bf16-mixed" if torch.cuda.is_bf16_supported() else "32-true"
    if accelerator != "cpu" and torch.backends.mps.is_available():
        return "32-true"  # what the processor gains says nothing of the GPU beside it
    return faster_precision() if timed else "32-true"


def faster_precision() -> Resolved:
    """Mixed precision where this processor is faster in 16 bits, as those with units for bfloat16 are, else single.

    A convolution like those of a decoder is timed in both: whether there are such units PyTorch does not say.
    """
    image = torch.rand(2, 64, 64, 64).contiguous(memory_format=torch.channels_last)
    layer = nn.Conv2d(64, 64, 3, padding=1, bias=False).to(memory_format=torch.channels_last)

    def seconds(kind: torch.dtype) -> float:
        with torch.no_grad(), torch.autocast("cpu", kind, enabled=kind != torch.float32):
            begun = time.perf_counter()
            layer(image)
            return time.perf_counter() - begun

    # In turn, and the least of many: other programs slow down both alike.
    pairs = [(seconds(torch.bfloat16), seconds(torch.float32)) for _ in range(_TIMES)]
    half, single = (min(taken) for taken in zip(*pairs, strict=True))
    return "bf16-mixed" if half < _CLEARLY * single else "32-true"


def device_rank() -> tuple[int, int]:
    """Which of how many processes this is, where a run trains on several devices, one process each; else (0, 1)."""
    if distributed.is_available() and distributed.is_initialized():
        return distributed.get_rank(), distributed.get_world_size()
    if get_worker_info() is not None:  # a new process that prepares batches: it is configured only by the environment
        return int(os.environ.get("LOCAL_RANK", "0")), int(os.environ.get("WORLD_SIZE", "1"))
    return 0, 1
