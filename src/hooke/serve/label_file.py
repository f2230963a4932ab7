"""Keeps the label images of one image as plain numbers on disk: windows are read and written without the rest.

Files are read and written by calls, not mapped into memory: a full disk or a file that is gone is an error then, and
does not end the process.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hooke.io import atomic_path, open_image
from hooke.io.lazy_plane import LazyPlane
from hooke.serve.answers import files_gone

_ROWS = 1024  # of a strip
_TYPE = np.dtype("<i4")


class LabelFile:
    """Label images of int32 in one file, plane after plane; a file that is not there holds zeros.

    Parameters
    ----------
    path : Path
    shape : (int, int, int)
        Planes, height and width.
    """

    def __init__(self, path: Path, shape: tuple[int, int, int]) -> None:
        self.path = path
        self.shape = shape
        self._lock = threading.Lock()

    def read(self, plane: int, rows: slice, columns: slice, step: int = 1) -> NDArray[np.int32]:
        """Read a window; of squares of `step` pixels, the one in the middle.

        Parameters
        ----------
        plane : int
        rows, columns : slice
            With start and stop within the plane.
        step : int

        Returns
        -------
        ndarray of int32, shape (Y, X)

        Raises
        ------
        ApiError
            When the file has been cut short or can't be read.
        """
        down, along = _middles(rows, step), _middles(columns, step) - columns.start
        across = columns.stop - columns.start
        found = np.zeros((len(down), len(along)), np.int32)
        if not self.path.exists():
            return found
        with self._lock, self.path.open("rb", buffering=0) as file:
            if step == 1 and across == self.shape[2]:
                return self._read_rows(file, plane, rows).astype(np.int32, copy=False)
            line = np.empty(across, _TYPE)
            for place, row in enumerate(down.tolist()):
                file.seek(self._offset(plane, row, columns.start))
                _fill(file, line)
                found[place] = line[along]
        return found

    def write(self, plane: int, top: int, left: int, labels: NDArray[np.int32]) -> None:
        """Write a window in place.

        Raises
        ------
        OSError
            When the disk is full, for example.
        """
        if not self.path.exists():
            self._make_empty()
        stored = np.ascontiguousarray(labels, _TYPE)
        with self._lock, self.path.open("r+b", buffering=0) as file:
            for place, row in enumerate(stored):
                file.seek(self._offset(plane, top + place, left))
                _write_all(file, memoryview(row).cast("B"))

    def fill_from(self, path: Path) -> None:
        """Take over the label images of a file that `hooke.segment_folder` wrote, strip by strip."""
        file = open_image(path)
        with atomic_path(self.path) as part, part.open("wb") as out:
            for plane in range(self.shape[0]):
                lazy = LazyPlane(file, plane)
                for strip in self.strips():
                    window = lazy.window(strip, slice(0, self.shape[2]))
                    out.write(np.ascontiguousarray(window, _TYPE).data)

    def plane(self, index: int) -> NDArray[np.int32]:
        """Read a whole plane, int32, shape (Y, X)."""
        return self.read(index, slice(0, self.shape[1]), slice(0, self.shape[2]))

    def strips(self) -> Iterator[slice]:
        """Rows of a plane, strip by strip."""
        height = self.shape[1]
        return (slice(start, min(start + _ROWS, height)) for start in range(0, height, _ROWS))

    def _read_rows(self, file: Any, plane: int, rows: slice) -> NDArray[np.int32]:
        found = np.empty((rows.stop - rows.start, self.shape[2]), _TYPE)
        file.seek(self._offset(plane, rows.start, 0))
        _fill(file, found)
        return found

    def _make_empty(self) -> None:
        with atomic_path(self.path) as part, part.open("wb") as file:
            file.truncate(int(np.prod(self.shape, dtype=np.int64)) * _TYPE.itemsize)

    def _offset(self, plane: int, row: int, column: int) -> int:
        _, height, width = self.shape
        return ((plane * height + row) * width + column) * _TYPE.itemsize


def _middles(part: slice, step: int) -> NDArray[np.int64]:
    return np.asarray(np.minimum(np.arange(part.start, part.stop, step) + step // 2, part.stop - 1), np.int64)


def _fill(file: Any, array: NDArray[np.int32]) -> None:
    """Read as many bytes as an array holds."""
    view = array.reshape(-1).view(np.uint8).data
    got = 0
    while got < len(view):
        more = file.readinto(view[got:])
        if not more:
            raise files_gone()
        got += more


def _write_all(file: Any, view: memoryview) -> None:
    done = 0
    while done < len(view):
        done += file.write(view[done:])
