"""Writes and reads tracks as the Cell Tracking Challenge wants them: masks and ``res_track.txt`` or ``man_track.txt``.

The format knows no gap within a track, so after one a track has a new number there, with the old one as its parent.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import tifffile
from numpy.typing import NDArray

from hooke.errors import DatasetError
from hooke.io import atomic_path

if TYPE_CHECKING:
    from hooke.tracking.tracks import Tracks

_MOST = 2**16 - 1  # masks are of 16 bits
_FILES = ("res_track.txt", "man_track.txt")


@dataclass(frozen=True, eq=False)
class CtcRows:
    """Rows of a track file, and the number that each track has there from a frame on.

    Parameters
    ----------
    rows : ndarray of int64, shape (N, 4)
        Number, first and last frame, parent (0 for none).
    parts : dict of int to list of (int, int)
        For each track its parts: first frame and number.
    """

    rows: NDArray[np.int64]
    parts: dict[int, list[tuple[int, int]]]


def ctc_rows(tracks: Tracks) -> CtcRows:
    """Cut tracks at their gaps."""
    rows: list[tuple[int, int, int, int]] = []
    parts: dict[int, list[tuple[int, int]]] = {}
    number = 0
    for track, mother in tracks.lineage[["track", "parent"]].to_numpy(np.int64).tolist():
        frames = tracks.frames_of(track)
        cuts = [0, *(np.flatnonzero(np.diff(frames) > 1) + 1).tolist(), len(frames)]
        # Mothers come before daughters, so that a mother's last part is known.
        parent = parts[mother][-1][1] if mother else 0
        for first, last in itertools.pairwise(cuts):
            number += 1
            rows.append((number, int(frames[first]), int(frames[last - 1]), parent))
            parts.setdefault(track, []).append((int(frames[first]), number))
            parent = number
    return CtcRows(np.array(rows, np.int64).reshape(-1, 4), parts)


def ctc_masks(tracks: Tracks, rows: CtcRows) -> Iterator[NDArray[np.int32]]:
    """Label images with the numbers of the track file, one at a time."""
    number = np.zeros(tracks.count + 1, np.int32)
    changes: dict[int, list[tuple[int, int]]] = {}
    for track, parts in rows.parts.items():
        for frame, own in parts:
            changes.setdefault(frame, []).append((track, own))
    for index in range(len(tracks)):
        for track, own in changes.get(index, ()):
            number[track] = own
        yield number[tracks.frame(index)]


def write_ctc(tracks: Tracks, folder: Path) -> str:
    """Write ``res_track.txt`` and ``mask000.tif`` and so on.

    Returns
    -------
    str
        What the user should know; empty where nothing.
    """
    rows = ctc_rows(tracks)
    wide = len(rows.rows) > _MOST
    digits = max(3, len(str(len(tracks) - 1)))
    for index, mask in enumerate(ctc_masks(tracks, rows)):
        with atomic_path(folder / f"mask{index:0{digits}d}.tif") as part:
            pixels = mask.astype(np.int32 if wide else np.uint16)
            tifffile.imwrite(part, pixels, compression="zlib", photometric="minisblack")
    lines = "".join(f"{' '.join(map(str, row))}\n" for row in rows.rows.tolist())
    with atomic_path(folder / "res_track.txt") as part:
        part.write_text(lines, encoding="utf-8")
    return f"{len(rows.rows)} tracks do not fit in the challenge's 16 bits: its masks have 32" if wide else ""


def read_track_file(path: Path) -> NDArray[np.int64]:
    """Read the rows of a track file, shape (N, 4): number, first and last frame, parent.

    Raises
    ------
    DatasetError
        If a line is not four whole numbers, a number is there twice, a track ends before it begins, or a parent is
        missing or begins after its daughter.
    """
    remedy = "write a line per track: number, first frame, last frame, parent (0 for none)"
    rows = []
    for at, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), 1):
        if not line.strip():
            continue
        if not re.fullmatch(r"\s*\d{1,18}\s+\d{1,18}\s+\d{1,18}\s+\d{1,18}\s*", line, re.ASCII):
            raise DatasetError(f"line {at} is not four whole numbers: {line.strip()[:60]!r}", path=path, remedy=remedy)
        rows.append([int(text) for text in line.split()])
    known = {row[0]: row for row in rows}
    if len(known) < len(rows):
        numbers = [row[0] for row in rows]
        twice = next(number for number in numbers if numbers.count(number) > 1)
        raise DatasetError(f"track {twice} is there twice", path=path, remedy=remedy)
    for number, begin, end, parent in rows:
        if end < begin:
            raise DatasetError(f"track {number} ends before it begins", path=path, remedy=remedy)
        if parent and (parent not in known or known[parent][2] >= begin):
            cause = "is missing" if parent not in known else f"does not end before track {number} begins"
            raise DatasetError(f"track {parent}, the parent of {number}, {cause}", path=path, remedy=remedy)
    return np.array(rows, np.int64).reshape(-1, 4)


def find_track_file(folder: Path) -> Path | None:
    """The track file of a folder, as the challenge names it, or the only one that ends in ``_track.txt``."""
    for name in _FILES:
        if (folder / name).is_file():
            return folder / name
    others: Sequence[Path] = sorted(folder.glob("*_track.txt"))
    return others[0] if len(others) == 1 else None
