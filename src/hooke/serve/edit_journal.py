"""Keeps the edits of a label image on disk, each with what it replaced, so that all can be undone after a restart."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hooke.io import atomic_path
from hooke.serve.answers import files_gone
from hooke.serve.object_rows import Row

Box = tuple[int, int, int, int]


@dataclass(frozen=True, eq=False)
class Patch:
    """A window of a label image that changed.

    Parameters
    ----------
    top, left : int
    before, after : ndarray of int32, shape (Y, X)
    """

    top: int
    left: int
    before: NDArray[np.int32]
    after: NDArray[np.int32]

    @property
    def box(self) -> Box:
        """Top, left, bottom and right; half-open."""
        height, width = self.after.shape
        return self.top, self.left, self.top + height, self.left + width


@dataclass(frozen=True, eq=False)
class Entry:
    """One edit.

    Parameters
    ----------
    plane : int
    patches : tuple of Patch
    before, after : dict of int to row or None
        Rows of the objects that changed; None where there was no such object.
    """

    plane: int
    patches: tuple[Patch, ...]
    before: dict[int, Row | None]
    after: dict[int, Row | None]

    @property
    def box(self) -> Box:
        """Around all patches; empty where there are none."""
        return surround(patch.box for patch in self.patches)


class EditJournal:
    """The edits of one result, in files numbered from 1.

    Parameters
    ----------
    folder : Path
        Made when it is needed.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def has(self, number: int) -> bool:
        """Whether there is an edit of this number."""
        return self._path(number).is_file()

    def write(self, number: int, entry: Entry) -> None:
        """Write an edit; those after it are gone, since it starts from another state."""
        later = number + 1
        while self.has(later):
            later += 1
        for gone in range(later - 1, number, -1):
            self.remove(gone)
        arrays: dict[str, NDArray[Any]] = {}
        for place, patch in enumerate(entry.patches):
            arrays |= {f"before{place}": patch.before, f"after{place}": patch.after}
        facts = {
            "plane": entry.plane,
            "corners": [[patch.top, patch.left] for patch in entry.patches],
            "before": entry.before,
            "after": entry.after,
        }
        arrays["facts"] = np.frombuffer(json.dumps(facts).encode(), np.uint8)
        with atomic_path(self._path(number)) as part:
            _write_arrays(part, arrays)

    def read(self, number: int) -> Entry:
        """Read an edit.

        Raises
        ------
        ApiError
            When it is gone or damaged.
        """
        try:
            with np.load(self._path(number), allow_pickle=False) as arrays:
                facts = json.loads(arrays["facts"].tobytes())
                patches = tuple(
                    Patch(top, left, arrays[f"before{place}"], arrays[f"after{place}"])
                    for place, (top, left) in enumerate(facts["corners"])
                )
        except (OSError, ValueError, KeyError) as error:
            raise files_gone() from error
        before, after = ({int(id_): row for id_, row in facts[name].items()} for name in ("before", "after"))
        return Entry(facts["plane"], patches, before, after)

    def remove(self, number: int) -> None:
        """Remove an edit."""
        self._path(number).unlink(missing_ok=True)

    def _path(self, number: int) -> Path:
        return self.folder / f"{number:06d}.npz"


def surround(boxes: Iterable[Box]) -> Box:
    """Box around boxes of top, left, bottom and right; empty where there are none.

    Examples
    --------
    >>> surround([(1, 5, 3, 7), (0, 6, 2, 9)]), surround([])
    ((0, 5, 3, 9), (0, 0, 0, 0))
    """
    listed = list(boxes)
    if not listed:
        return 0, 0, 0, 0
    tops, lefts, bottoms, rights = zip(*listed, strict=True)
    return min(tops), min(lefts), max(bottoms), max(rights)


def _write_arrays(path: Path, arrays: dict[str, NDArray[Any]]) -> None:
    """Write arrays as `numpy.savez_compressed` does, several times faster: label images shrink at the lowest level."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, array in arrays.items():
            content = io.BytesIO()
            np.save(content, array, allow_pickle=False)
            archive.writestr(f"{name}.npy", content.getvalue())
