"""Reads mutated inputs one after the other in a process of its own, and measures what each one takes."""

from __future__ import annotations

import os
import shutil
import sys
import time
import traceback
import warnings
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from fuzzing import readers, results, sources
from fuzzing.mutations import mutate
from fuzzing.readers import segment_file
from fuzzing.source import Source
from fuzzing.tiny_bundle import write_tiny_bundle

__all__ = ["MAKERS", "READERS", "WEIGHTS", "Outcome", "Workshop", "work"]

#: How many of a hundred inputs are of each format, about; those through the whole of ``hooke segment`` come on top.
WEIGHTS = {
    "tiff": 22, "picture": 20, "npy": 5, "labels": 8, "bundle": 8, "run": 5, "coco": 8, "labelme": 5, "geojson": 3,
    "imagej": 3, "tables": 5, "dataset": 4, "forest": 2, "zarr": 2,
    "config": 2, "exchange": 8, "windows": 6, "plate": 1, "corrected": 2, "tuned": 1, "tracks": 2, "results": 3,
}  # fmt: skip
MAKERS = sources.MAKERS | results.MAKERS
READERS = readers.READERS | results.READERS
_WHOLE = 0.03  # share of images that are segmented
_ADDRESS_SPACE = 12 << 30  # bytes: beyond, the system refuses, which saves the machine


@dataclass(frozen=True)
class Outcome:
    """What became of one input.

    Parameters
    ----------
    index : int
    format : str
    source : str
        The file that was mutated.
    kind : str
        ``read``, ``refused``, or the name of the foreign exception.
    seconds : float
        Processor time.
    bytes : int
        By which the process's memory grew at its peak.
    message : str
        Of a foreign exception, with its traceback.
    """

    index: int
    format: str
    source: str
    kind: str
    seconds: float = 0.0
    bytes: int = 0
    message: str = ""


class Workshop:
    """Sources in a folder, to be mutated and read by index; the same index and seed give the same input."""

    def __init__(self, folder: Path, seed: int, data: Path | None = None) -> None:
        self.seed = seed
        self.sources: dict[str, list[Source]] = {}
        for name, make in MAKERS.items():
            with suppress(ImportError):  # an optional package
                self.sources[name] = list(make(folder / name, data))
        self.bundle = write_tiny_bundle(folder / "whole" / "tiny")
        self.out = folder / "whole" / "out"
        self.folder = folder
        self._formats = [name for name in WEIGHTS if name in self.sources]
        weights = np.array([WEIGHTS[name] for name in self._formats], float)
        self._shares = weights / weights.sum()

    def try_one(self, index: int) -> Outcome:
        """Mutate one file, read it, and put everything back."""
        rng = np.random.default_rng([self.seed, index])
        name = self._formats[rng.choice(len(self._formats), p=self._shares)]
        sources = self.sources[name]
        source = sources[rng.integers(len(sources))]
        target = source.targets[rng.integers(len(source.targets))]
        whole = name in ("tiff", "picture", "npy") and rng.random() < _WHOLE
        kept = {path: path.read_bytes() for path in sorted(source.folder.rglob("*")) if path.is_file()}
        suffix = target.suffix.lower() or target.name.lower()
        target.write_bytes(mutate(kept[target], suffix, rng))
        label = f"{target.relative_to(self.folder)}{' (segmented)' if whole else ''}"
        try:
            return _measured(index, name, label, lambda: self._read(name, source, target, whole))
        finally:
            _restore(source.folder, kept)

    def _read(self, name: str, source: Source, target: Path, whole: bool) -> None:
        if whole:
            segment_file(target, self.bundle, self.out)
        else:
            READERS[name](source.folder, target)


def _restore(folder: Path, kept: dict[Path, bytes]) -> None:
    for path in list(folder.rglob("*")):
        if path.is_file() and path not in kept:
            path.unlink()
    for path, content in kept.items():
        if not path.is_file() or path.read_bytes() != content:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)


def _measured(index: int, name: str, label: str, read: Callable[[], None]) -> Outcome:
    from hooke import HookeError

    before, start = _reset_peak(), time.process_time()
    kind, message = "read", ""
    try:
        read()
    except HookeError:
        kind = "refused"
    except Exception as error:
        kind, message = type(error).__name__, traceback.format_exc(limit=-6)
    seconds, grown = time.process_time() - start, max(0, _peak() - before)
    return Outcome(index, name, label, kind, seconds, grown, message)


def _reset_peak() -> int:
    """Begin a new peak where the system can (Linux), and return the memory held now, bytes."""
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")
    return _peak()


def _peak() -> int:
    """Largest memory held since the last reset, bytes; 0 where the system does not say."""
    with suppress(OSError, StopIteration, ValueError):
        lines = Path("/proc/self/status").read_text().splitlines()
        return 1024 * int(next(line for line in lines if line.startswith("VmHWM")).split()[1])
    return 0


def work(folder: Path, seed: int, data: Path | None, indices: list[int], place: Any, queue: Any) -> None:
    """Try inputs in turn; `place` holds the index in work, `queue` takes the outcomes."""
    warnings.simplefilter("ignore")
    os.environ["HOOKE_DEBUG"] = "1"  # a fault of hooke's own is raised, not turned into a message
    if sys.platform != "win32":
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (_ADDRESS_SPACE, resource.getrlimit(resource.RLIMIT_AS)[1]))
    shutil.rmtree(folder, ignore_errors=True)
    workshop = Workshop(folder, seed, data)
    sys.stdout = sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, PTH123
    for index in indices:
        place.value = index
        queue.put(workshop.try_one(index))
    place.value = -1
