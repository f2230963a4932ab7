"""Medians of the pixels of every object."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hooke.labels.runs import Runs, sorted_places

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_CHUNK = 2**18  # pixels of objects handled together: they stay in the processor's cache
_ALIKE, _SMALL = 1.5, 64  # by how much objects handled together differ in size; of smaller ones it does not matter


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
    if flat.dtype == np.bool_:
        flat = flat.view(np.uint8)
    result = np.full(len(runs.ids), np.nan)

    def take(group: _SimilarObjects) -> None:
        result[group.objects] = _medians(flat, group)

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(take, _of_similar_size(runs, plane.shape[1])))
    return result


@dataclass(frozen=True, eq=False)
class _SimilarObjects:
    """Some objects of about the same size, the pixels that each has, and start and length of their runs in order."""

    objects: Ints
    sizes: Ints
    start: Ints
    length: Ints


def _of_similar_size(runs: Runs, width: int) -> Iterator[_SimilarObjects]:
    """Take the objects of an image of this width some at a time, the smallest first."""
    sizes = runs.sum(runs.length).astype(np.int64)
    objects = np.argsort(sizes)
    rank = np.empty(len(objects), np.int64)
    rank[objects] = np.arange(len(objects))
    sizes = sizes[objects]
    rank = rank[runs.index]
    order = sorted_places(rank)
    start, length = (runs.row * width + runs.start)[order], runs.length[order]
    bounds = np.concatenate([[0], np.cumsum(np.bincount(rank, minlength=len(objects)))])
    first = 0
    while first < len(objects):
        # As many as fill a table whose rows are not much longer than the smallest object.
        alike = int(np.searchsorted(sizes, max(_SMALL, sizes[first] * _ALIKE), side="right"))
        last = min(alike, first + max(1, _CHUNK // max(1, int(sizes[alike - 1]))))
        here = slice(bounds[first], bounds[last])
        yield _SimilarObjects(objects[first:last], sizes[first:last], start[here], length[here])
        first = last


def _medians(flat: NDArray[np.generic], group: _SimilarObjects) -> Floats:
    """Take the medians of some objects."""
    opening = np.cumsum(group.length) - group.length
    values = flat[np.repeat(group.start - opening, group.length) + np.arange(group.length.sum())]
    counts = group.sizes
    if values.dtype.kind == "f" and (invalid := np.isnan(values)).any():
        counts = np.bincount(np.repeat(np.arange(len(counts)), counts)[~invalid], minlength=len(counts))
        values = values[~invalid]
    # A row of each object, with as many of the least as of the greatest value beside its own, so that its middle stays.
    width = max(2, int(counts.max() + 1) // 2 * 2)
    before = ((width - counts) // 2)[:, None]
    column = np.arange(width)
    least, greatest = _extremes(values.dtype)
    table = np.where(column < before, least, greatest)
    table[(column >= before) & (column < before + counts[:, None])] = values
    middle = width // 2
    table.partition((middle - 1, middle), axis=1)
    low, high = (table[:, place].astype(np.float64) for place in (middle - 1, middle))
    high = np.where(counts % 2, low, high)
    with np.errstate(invalid="ignore"):  # the middle of -inf and inf
        medians = np.where(low == high, low, low + (high - low) / 2)
    return np.where(counts, medians, np.nan)


def _extremes(dtype: np.dtype[Any]) -> tuple[np.generic, np.generic]:
    """The least and the greatest value of a type."""
    if dtype.kind == "f":
        return dtype.type(-np.inf), dtype.type(np.inf)
    limits = np.iinfo(dtype)
    return dtype.type(limits.min), dtype.type(limits.max)


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
