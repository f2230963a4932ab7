"""Medians of the pixels of every object."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hooke.labels.runs import Runs

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_CHUNK = 2**20  # pixels of objects sorted together: they stay in the processor's cache
_SIGN = np.uint32(1 << 31)


def medians(plane: NDArray[np.generic], runs: Runs, threads: int = 1) -> Floats:
    """Take the median of each object's pixels, as `numpy.median` does; NaN pixels are left out.

    Parameters
    ----------
    plane : ndarray, shape (Y, X)
    runs : Runs
    threads : int

    Returns
    -------
    ndarray of float64, shape (objects,)
        NaN where an object has no valid pixel.
    """
    flat = np.ascontiguousarray(plane).ravel()
    with ThreadPoolExecutor(threads) as pool:
        parts = list(pool.map(lambda chunk: _medians(flat, chunk), object_chunks(runs, plane.shape[1])))
    return np.concatenate([np.zeros(0), *parts])


def _medians(flat: NDArray[np.generic], chunk: ObjectChunk) -> Floats:
    """Take the medians of some objects."""
    index, places = chunk.pixels()
    values = flat[places]
    if values.dtype.kind == "f":
        valid = ~np.isnan(values)
        if not valid.all():
            values, index = values[valid], index[valid]
    counts = np.bincount(index, minlength=chunk.last - chunk.first)
    ordered = _sorted_by_object(values, index)
    opening = np.cumsum(counts) - counts
    filled = np.flatnonzero(counts)
    low = ordered[opening[filled] + (counts[filled] - 1) // 2].astype(np.float64)
    high = ordered[opening[filled] + counts[filled] // 2].astype(np.float64)
    result = np.full(len(counts), np.nan)
    with np.errstate(invalid="ignore"):  # the middle of -inf and inf
        result[filled] = np.where(low == high, low, low + (high - low) / 2)
    return result


@dataclass(frozen=True, eq=False)
class ObjectChunk:
    """Some objects, and the runs of their pixels.

    Parameters
    ----------
    first, last : int
        Places among all objects, half-open.
    index, start, sizes : ndarray of int64
        Of each run the object, counted from `first`, the place of its first pixel in the image, and its pixels.
    """

    first: int
    last: int
    index: Ints
    start: Ints
    sizes: Ints

    def pixels(self) -> tuple[NDArray[np.signedinteger], NDArray[np.signedinteger]]:
        """Of each pixel the object, counted from `first`, and the place in the image."""
        opening = np.cumsum(self.sizes) - self.sizes
        # Half the size is half as much to move.
        kind = np.int32 if self.start.max(initial=0) < 2**30 else np.int64
        places = np.repeat((self.start - opening).astype(kind), self.sizes)
        places += np.arange(len(places), dtype=kind)
        return np.repeat(self.index.astype(kind), self.sizes), places


def object_chunks(runs: Runs, width: int) -> Iterator[ObjectChunk]:
    """Take the objects of an image of this width some at a time, about a megapixel of them."""
    order, bounds = runs.by_object
    sizes, start, index = runs.length[order], (runs.row * width + runs.start)[order], runs.index[order]
    pixels = np.concatenate([[0], np.cumsum(sizes)])[bounds]
    first = 0
    while first < len(runs.ids):
        last = max(first + 1, int(np.searchsorted(pixels, pixels[first] + _CHUNK, side="right")) - 1)
        here = slice(bounds[first], bounds[last])
        yield ObjectChunk(first, last, index[here] - first, start[here], sizes[here])
        first = last


def _sorted_by_object(values: NDArray[np.generic], index: NDArray[np.signedinteger]) -> NDArray[np.generic]:
    """Sort the values of each object; objects follow each other."""
    if values.dtype == np.bool_:
        values = values.view(np.uint8)
    if values.dtype.itemsize <= 2 and values.dtype.kind != "f" and index[-1:].max(initial=0) < 1 << 16:
        short = index.astype(np.uint32) << np.uint32(16)  # object and value in one whole number, which sorts fastest
        short |= _as_whole(values.astype(np.int32) + (1 << 15 if values.dtype.kind == "i" else 0)) ^ _SIGN
        short.sort()
        low = (short & np.uint32(0xFFFF)).astype(np.int32)
        return low - (1 << 15) if values.dtype.kind == "i" else low
    if values.dtype.itemsize <= 4:
        keys = index.astype(np.uint64) << np.uint64(32)
        keys |= _as_whole(values)
        keys.sort()
        return _as_value((keys & np.uint64(0xFFFFFFFF)).astype(np.uint32), values.dtype)
    order = np.argsort(values)
    return values[order][np.argsort(index[order], kind="stable")]


def _as_whole(values: NDArray[np.generic]) -> NDArray[np.uint32]:
    """Map values to whole numbers of the same order: floats by their bits (Herf 2001, "Radix tricks")."""
    if values.dtype.kind == "u":
        return values.astype(np.uint32)
    if values.dtype.kind == "i":
        return values.astype(np.int32).view(np.uint32) ^ _SIGN
    bits = values.astype(np.float32).view(np.uint32)
    return np.where(bits & _SIGN, ~bits, bits ^ _SIGN)


def _as_value(whole: NDArray[np.uint32], dtype: np.dtype[np.generic]) -> NDArray[np.generic]:
    """Undo `_as_whole`."""
    if dtype.kind == "u":
        return whole
    if dtype.kind == "i":
        return (whole ^ _SIGN).view(np.int32)
    return np.where(whole & _SIGN, whole ^ _SIGN, ~whole).view(np.float32)
