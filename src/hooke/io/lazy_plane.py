"""Defines `LazyPlane`: a plane of a file, or a region of it, indexed like an array and read window by window."""

from __future__ import annotations

import math
import threading
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hooke.errors import ImageReadError
from hooke.image import Image
from hooke.io.image_file import ImageFile, finite, usual_type
from hooke.io.levels import Region, check_region
from hooke.limits import check_memory

_STRIP = 1 << 24  # samples of a strip of which a regular grid of pixels is taken


class LazyPlane:
    """A plane whose pixels stay in the file.

    Functions that take windows of an array by ``pixels[rows, columns]`` can take them of this. Windows may be read from
    several threads at once. A plane of a format without windows is read once, whole, and kept.

    Parameters
    ----------
    file : ImageFile
    index : int
        Which of its planes.
    region : (int, int, int, int), optional
        Top row, left column, height and width; all of the plane when not given.

    Raises
    ------
    ImageReadError
        When there is no such plane or region.

    Examples
    --------
    >>> from pathlib import Path
    >>> file = ImageFile(Path("a.npy"), "a", "", (), (4, 5), read=lambda at: np.arange(20).reshape(4, 5))
    >>> plane = LazyPlane(file, 0, (1, 2, 3, 3))
    >>> plane.shape, plane[1:3, ::2].tolist()
    ((3, 3), [[12, 14], [17, 19]])
    """

    def __init__(self, file: ImageFile, index: int = 0, region: Region | None = None) -> None:
        if not 0 <= index < len(file):
            raise ImageReadError(
                f"has no plane {index}", path=file.path, remedy=f"give a plane from 0 to {len(file) - 1}"
            )
        top, left, height, width = check_region(region, file.plane_shape, file.path)
        self.file = file
        self.index = index
        self.corner = top, left
        self.shape: tuple[int, ...] = (height, width, *file.plane_shape[2:])
        self._whole: NDArray[np.generic] | None = None
        self._lock = threading.Lock()

    @property
    def ndim(self) -> int:
        """2, or 3 with channels."""
        return len(self.shape)

    @property
    def dtype(self) -> np.dtype[Any]:
        """As stored, in native byte order."""
        return usual_type(self.file.dtype) if self.file.dtype is not None else self._read_whole().dtype

    @property
    def read_bytes(self) -> int:
        """Bytes that are held for its windows: none, or the whole plane where the format has no windows."""
        return 0 if self.file.read_window is not None else self.file.read_bytes

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, key: Any) -> NDArray[np.generic]:
        """Read rows, columns and, where there are any, channels, by slices of positive steps."""
        rows, columns, *rest = (*key, slice(None)) if isinstance(key, tuple) and len(key) == 1 else _as_pair(key)
        (top, bottom, down), (left, right, across) = rows.indices(self.shape[0]), columns.indices(self.shape[1])
        if down == across == 1:
            window = self.window(slice(top, max(top, bottom)), slice(left, max(left, right)))
        else:
            window = self._grid((top, bottom, down), (left, right, across))
        return window[(slice(None), slice(None), *rest)] if rest else window

    def window(self, rows: slice, columns: slice) -> NDArray[np.generic]:
        """Read a window; `rows` and `columns` have a start and a stop within the plane."""
        if rows.stop <= rows.start or columns.stop <= columns.start:
            return np.zeros((rows.stop - rows.start, columns.stop - columns.start, *self.shape[2:]), self.dtype)
        top, left = self.corner
        rows, columns = slice(rows.start + top, rows.stop + top), slice(columns.start + left, columns.stop + left)
        if self.file.read_window is None:
            return self._read_whole()[rows, columns]
        pixels = self.file.read_window(self.file.position(self.index), rows, columns)
        return pixels.astype(usual_type(pixels.dtype), copy=False)

    def image(self) -> Image:
        """Read all of it.

        Raises
        ------
        ImageReadError
            When it needs more memory than it may take, or no pixel is a finite number.
        """
        needed = 2 * math.prod(self.shape) * self.dtype.itemsize + self.read_bytes
        check_memory(needed, self.file.path, budget=self.file.max_memory)
        pixels = finite(np.ascontiguousarray(self[:, :]), self.file.path)
        return self.with_notes(self.file.image_of(pixels, self.index))

    def lazy_image(self) -> Image:
        """Give an `Image` whose pixels are this plane."""
        pixels: Any = self
        return self.file.image_of(pixels, self.index)

    def with_notes(self, image: Image) -> Image:
        """Add to an image what the user should know of the windows read so far."""
        gaps = self.file.gaps
        return image if gaps is None else replace(image, notes=(*image.notes, *gaps.notes))

    def _grid(self, rows: tuple[int, int, int], columns: tuple[int, int, int]) -> NDArray[np.generic]:
        """Every n-th row and column, read strip by strip so that the whole is never held."""
        top, bottom, down = rows
        left, right, across = columns
        samples = max(1, (right - left) * math.prod(self.shape[2:]))
        segment = (self.file.segment_shape or (1, 1))[0]
        high = max(down, min(_STRIP // samples, 4096) // down * down, -(-segment // down) * down)
        strips = [
            self.window(slice(start, min(start + high, bottom)), slice(left, right))[::down, ::across]
            for start in range(top, bottom, high)
        ]
        return np.concatenate([np.ascontiguousarray(strip) for strip in strips])

    def _read_whole(self) -> NDArray[np.generic]:
        with self._lock:
            if self._whole is None:
                self._whole = self.file.plane(self.index).pixels
            return self._whole


def _as_pair(key: Any) -> tuple[Any, ...]:
    return key if isinstance(key, tuple) else (key, slice(None))
