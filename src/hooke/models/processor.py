"""Tells whether the processor has instructions for products of 8-bit integers, which int8 weights gain from.

AVX2, which nearly every x86 processor has, multiplies bytes in pairs: the network then takes two thirds of the time,
where the later instructions take half. Sums of two products are cut off at 16 bits there; weights that hooke makes
never reach that (`hooke.training.bundles.int8_scales`).
"""

from __future__ import annotations

import ctypes
import platform
import sys
from functools import lru_cache
from pathlib import Path

_X86 = ("avx512_vnni", "avx_vnni", "amx_int8")
_PAIRS = "avx2"
_ARM = ("asimddp",)
_ARM_DOT_PRODUCT = 43  # PF_ARM_V82_DP_INSTRUCTIONS_AVAILABLE of Windows' IsProcessorFeaturePresent


@lru_cache(maxsize=1)
def int8_instructions() -> tuple[str, ...] | None:
    """Names of these instructions, as Linux calls them; none where there are none, None where no system call says it.

    Windows does not report them of x86 processors.
    """
    try:
        if sys.platform == "linux":
            return flags_in(Path("/proc/cpuinfo").read_text(encoding="ascii", errors="replace"))
        if sys.platform == "darwin":
            return _ask_macos()
        if sys.platform == "win32" and platform.machine().upper() == "ARM64":
            kernel = ctypes.WinDLL("kernel32")
            return _ARM if kernel.IsProcessorFeaturePresent(_ARM_DOT_PRODUCT) else ()
    except (OSError, AttributeError):
        return None
    return None


def flags_in(cpuinfo: str) -> tuple[str, ...] | None:
    r"""Find the instructions in the text of ``/proc/cpuinfo``; None where it lists none at all.

    Examples
    --------
    >>> flags_in("model name: x\nflags: fma avx2 avx512_vnni\n")
    ('avx512_vnni',)
    >>> flags_in("Features : fp asimd asimddp\n"), flags_in("flags: avx avx2\n"), flags_in("flags: avx\n"), flags_in("")
    (('asimddp',), ('avx2',), (), None)
    """
    for line in cpuinfo.splitlines():
        name, _, value = line.partition(":")
        if name.strip() in ("flags", "Features"):
            listed = set(value.split())
            return tuple(flag for flag in (*_X86, *_ARM) if flag in listed) or _pairs(listed)
    return None


def _ask_macos() -> tuple[str, ...] | None:
    """All processors of Apple have the ARM instructions; Intel's are listed by leaf 7 of CPUID."""
    if platform.machine() == "arm64":
        return _ARM
    system = ctypes.CDLL(None)
    name, size = b"machdep.cpu.leaf7_features", ctypes.c_size_t(4096)
    text = ctypes.create_string_buffer(size.value)
    if system.sysctlbyname(name, text, ctypes.byref(size), None, 0):
        return None
    listed = {flag.decode("ascii", "replace").lower() for flag in text.value.split()}
    return ("avx512_vnni",) if "avx512vnni" in listed else _pairs(listed)


def _pairs(listed: set[str]) -> tuple[str, ...]:
    """Of a processor without the later instructions."""
    return (_PAIRS,) if _PAIRS in listed else ()
