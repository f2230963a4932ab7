"""Defines `ShownPixels`: what the network is shown of a plane that stays in its file, window by window."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from hooke.image import Pixels


@dataclass(frozen=True)
class WholePlane:
    """A plane whose pixels are read when needed, of which an `Image` holds every n-th row and column.

    Parameters
    ----------
    pixels : Pixels
        All of it.
    step : int
        The n.
    """

    pixels: Pixels
    step: int


class ShownPixels:
    """The pixels of a plane, with the background's colour where nothing was recorded.

    Parameters
    ----------
    whole : WholePlane
    grid : ndarray, shape (Y', X') or (Y', X', C)
        Every n-th row and column of what is shown; answers every request for a coarser grid.
    fill : ndarray of bool, shape (Y', X'), optional
        What of the grid was not recorded.
    background : ndarray, optional
        Colour that takes its place.
    channels : sequence of int
        Channels that are shown, in their order; all of them when empty.
    """

    def __init__(
        self,
        whole: WholePlane,
        grid: NDArray[np.generic],
        fill: NDArray[np.bool_] | None = None,
        background: NDArray[np.generic] | None = None,
        channels: Sequence[int] = (),
    ) -> None:
        self._whole = whole
        self._grid = grid
        self._fill = fill
        self._background = background
        self._channels = list(channels)
        height, width = whole.pixels.shape[:2]
        self.shape: tuple[int, ...] = (height, width, *grid.shape[2:])

    @property
    def ndim(self) -> int:
        """2, or 3 with channels."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """Number of values."""
        return int(np.prod(self.shape, dtype=np.int64))

    @property
    def dtype(self) -> np.dtype[Any]:
        """As stored."""
        return self._grid.dtype

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, key: Any) -> NDArray[np.generic]:
        """Read rows and columns, given as slices; every n-th of them is taken of the grid."""
        rows, columns, *rest = key if isinstance(key, tuple) else (key, slice(None))
        steps = [part.step or 1 for part in (rows, columns)]
        if max(steps) > 1:
            coarse = [slice(None, None, max(1, step // self._whole.step)) for step in steps]
            window = self._grid[coarse[0], coarse[1]]
        else:
            window = self._window(slice(*rows.indices(self.shape[0])), slice(*columns.indices(self.shape[1])))
        return window[(slice(None), slice(None), *rest)] if rest else window

    def fill_of(self, rows: slice, columns: slice) -> NDArray[np.bool_] | None:
        """What of a window was not recorded; None where all of it was."""
        if self._fill is None:
            return None
        step = self._whole.step
        part = self._fill[rows.start // step : -(-rows.stop // step), columns.start // step : -(-columns.stop // step)]
        if not part.any():
            return None
        large = cv2.resize(part.view(np.uint8), None, fx=step, fy=step, interpolation=cv2.INTER_NEAREST)
        top, left = rows.start % step, columns.start % step
        cut = np.asarray(large)[top : top + rows.stop - rows.start, left : left + columns.stop - columns.start]
        return cut.astype(np.bool_)

    def _window(self, rows: slice, columns: slice) -> NDArray[np.generic]:
        pixels: NDArray[np.generic] = self._whole.pixels[rows, columns]
        if self._channels:
            pixels = (pixels if pixels.ndim == 3 else pixels[..., None])[..., self._channels]
        fill = self.fill_of(rows, columns)
        if fill is None or self._background is None:
            return pixels
        shown = pixels.copy()
        shown[fill] = self._background
        return shown
