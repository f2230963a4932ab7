"""Replaces the folder of a model bundle once the new one is whole, and says what came of an export."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hooke.training.bundles.int8_check import Int8Check


@dataclass(frozen=True)
class Export:
    """What came of an export.

    Parameters
    ----------
    bundle : Path
    largest_difference : float, optional
        Between PyTorch's maps and ONNX Runtime's on the test input, in map units (0..1); None where a bundle was there
        already.
    half_difference : float, optional
        Largest change of the output for the test input by storing the weights in 16 bits; None where it was not done.
    compact_difference : float, optional
        The same by storing them in 8 bits.
    int8 : Int8Check, optional
        How the weights in 8 bits compare; None where there are none.
    openvino_difference : float, optional
        Between OpenVINO's output for the test input and the bundle's; None where it was not asked for.
    """

    bundle: Path
    largest_difference: float | None
    half_difference: float | None = None
    compact_difference: float | None = None
    int8: Int8Check | None = None
    openvino_difference: float | None = None


@contextmanager
def fresh_bundle(bundle: Path) -> Iterator[Path]:
    """Give a folder to write a bundle to, which takes its place when all has gone well."""
    fresh = bundle.with_name(bundle.name + ".partial")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    try:
        yield fresh
    except BaseException:
        shutil.rmtree(fresh, ignore_errors=True)
        raise
    shutil.rmtree(bundle, ignore_errors=True)
    fresh.replace(bundle)
