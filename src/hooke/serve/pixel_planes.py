"""Reads windows of images at any level for tiles; what is decoded whole, and overviews, stay in bounded memory."""

from __future__ import annotations

import threading
from collections import OrderedDict

import cv2
import numpy as np
from numpy.typing import NDArray

from hooke.io.lazy_plane import LazyPlane
from hooke.limits import free_memory
from hooke.serve.stored_image import StoredImage
from hooke.serve.tile_grid import TilePlace

FAR = 1e30  # intensities beyond are shown as this one: sums of them fit into 32 bits
_OVERVIEW = 4_000_000  # pixels of a plane at most from which coarse tiles are taken
_MOST = 512 << 20  # bytes of pixels that are held
_STRIP = 16_000_000  # pixels that are read at once for an overview


class PixelPlanes:
    """Planes whose pixels were asked for lately.

    Parameters
    ----------
    most_bytes : int, optional
        Of pixels held in memory; the plane in use is held, however large. 512 MiB, or an eighth of what is free, when
        not given.
    """

    def __init__(self, most_bytes: int | None = None) -> None:
        self.most_bytes = min(_MOST, free_memory() // 8) if most_bytes is None else most_bytes
        self._planes: OrderedDict[tuple[str, int], _Plane] = OrderedDict()
        self._lock = threading.Lock()

    def window(self, image: StoredImage, plane: int, place: TilePlace, channels: list[int]) -> NDArray[np.float32]:
        """Read the pixels of a tile: of coarse levels, means.

        Returns
        -------
        ndarray of float32, shape (height, width, channels)
        """
        found = self._get(image, plane)
        pixels = found.window(place, channels)
        self._shrink()
        return pixels

    def crop(self, image: StoredImage, plane: int, rows: slice, columns: slice) -> NDArray[np.generic]:
        """Read a window of all channels as stored, (Y, X) or (Y, X, C)."""
        found = self._get(image, plane)
        pixels = found.lazy.window(rows, columns)
        self._shrink()
        return pixels

    def forget(self, id_: str) -> None:
        """Free what is held of an image."""
        with self._lock:
            for key in [key for key in self._planes if key[0] == id_]:
                del self._planes[key]

    def _get(self, image: StoredImage, plane: int) -> _Plane:
        key = (image.id, plane)
        with self._lock:
            found = self._planes.get(key)
            if found is None:
                found = self._planes[key] = _Plane(LazyPlane(image.file, plane))
            self._planes.move_to_end(key)
            return found

    def _shrink(self) -> None:
        with self._lock:
            while len(self._planes) > 1 and sum(plane.bytes for plane in self._planes.values()) > self.most_bytes:
                self._planes.popitem(last=False)


class _Plane:
    """A plane, and a smaller one of means where it is large."""

    def __init__(self, lazy: LazyPlane) -> None:
        self.lazy = lazy
        self._overview: NDArray[np.float32] | None = None
        self._step = 1
        while -(-lazy.shape[0] // self._step) * -(-lazy.shape[1] // self._step) > _OVERVIEW:
            self._step *= 2
        self._lock = threading.Lock()

    @property
    def bytes(self) -> int:
        """Bytes that are held."""
        return self.lazy.read_bytes + (0 if self._overview is None else self._overview.nbytes)

    def window(self, place: TilePlace, channels: list[int]) -> NDArray[np.float32]:
        if place.step >= self._step > 1:
            step = place.step // self._step
            rows, columns = (
                slice(part.start // self._step, -(-part.stop // self._step)) for part in (place.rows, place.columns)
            )
            return shrink(self._small()[rows, columns][..., channels], step)
        pixels = self.lazy.window(place.rows, place.columns)
        pixels = pixels[..., None] if pixels.ndim == 2 else pixels
        return shrink(pixels[..., channels], place.step)

    def _small(self) -> NDArray[np.float32]:
        with self._lock:
            if self._overview is None:
                height, width = self.lazy.shape[:2]
                rows = max(self._step, _STRIP // width // self._step * self._step)
                parts = []
                for top in range(0, height, rows):
                    strip = self.lazy.window(slice(top, min(top + rows, height)), slice(0, width))
                    parts.append(shrink(strip[..., None] if strip.ndim == 2 else strip, self._step))
                self._overview = np.concatenate(parts)
            return self._overview


def shrink(pixels: NDArray[np.generic], step: int) -> NDArray[np.float32]:
    """Take the mean of squares of pixels; at the lower and right edge, of what is there.

    Parameters
    ----------
    pixels : ndarray, shape (Y, X, C)
    step : int

    Returns
    -------
    ndarray of float32, shape (ceil(Y / step), ceil(X / step), C)

    Examples
    --------
    >>> shrink(np.array([[[1], [3], [9]]]), 2).tolist()
    [[[2.0], [9.0]]]
    """
    if pixels.dtype.kind == "f":
        pixels = np.clip(np.nan_to_num(pixels, nan=0.0, posinf=0.0, neginf=0.0), -FAR, FAR)
    if step == 1:
        return pixels.astype(np.float32)
    high, wide = -pixels.shape[0] % step, -pixels.shape[1] % step
    if high or wide:
        pixels = np.pad(pixels, ((0, high), (0, wide), (0, 0)), mode="edge")
    size = pixels.shape[1] // step, pixels.shape[0] // step
    kind = pixels.dtype if pixels.dtype in (np.uint8, np.uint16, np.float32) else np.float32
    planes = [
        cv2.resize(np.ascontiguousarray(pixels[..., place], kind), size, interpolation=cv2.INTER_AREA)
        for place in range(pixels.shape[2])
    ]
    return np.stack(planes, axis=-1).astype(np.float32)
