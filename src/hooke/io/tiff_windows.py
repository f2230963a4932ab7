"""Reads windows of TIFF pages: only the strips and tiles that a window touches are decoded.

What a file lacks (a tile that was cut off, or one that can't be decoded) is filled with zeros and counted in `Gaps`:
of a slide of a hundred thousand tiles, one that is damaged costs its place, not the slide. A tile of no bytes is one
that the writer left out on purpose, and counts as nothing missing.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import tifffile
from numpy.typing import NDArray

from hooke.io.gaps import Gaps
from hooke.io.remote import open_binary
from hooke.io.segment_size import HEAD_BYTES, stated_pixels

_SPARE = 4  # times the pixels of a strip or tile, for what codecs round up to
_SMALL = 1 << 20  # pixels that any of them may state


def segment_shape(page: tifffile.TiffPage) -> tuple[int, int]:
    """Height and width of what is decoded at once: a tile or strip; a row where pixels lie open in one run."""
    if page.is_tiled:
        return int(page.tilelength), int(page.tilewidth)
    if _lies_open(page):
        return 1, int(page.imagewidth)
    return min(int(page.rowsperstrip), int(page.imagelength)), int(page.imagewidth)


def read_page_window(
    page: tifffile.TiffPage | tifffile.TiffFrame, path: Path, rows: slice, columns: slice, gaps: Gaps
) -> NDArray[np.generic]:
    """Read a window of one page.

    Parameters
    ----------
    page : TiffPage or TiffFrame
    path : Path
        Of the file, which is opened for the length of the call: calls may run side by side.
    rows, columns : slice
        With start and stop, within the page.
    gaps : Gaps
        Counts each strip or tile that is missing.

    Returns
    -------
    ndarray, shape (S, D, Y, X, S')
        tifffile's order: planar samples, depth, rows, columns, interleaved samples; of native byte order.
    """
    keyframe: Any = page.keyframe
    planes, depth, _, _, samples = keyframe.shaped
    shape = (planes, depth, rows.stop - rows.start, columns.stop - columns.start, samples)
    with open_binary(path) as file:
        if _lies_open(keyframe) and page.is_contiguous:
            return _open_rows(page, file, path, rows, columns, gaps)
        window = np.zeros(shape, keyframe.dtype)
        for index in _touched(keyframe, rows, columns):
            _paste(window, page, index, file, (rows, columns), gaps)
    return window


def _lies_open(page: Any) -> bool:
    """Whether a page's pixels are stored as they are, in whole rows."""
    return bool(page.is_memmappable and not page.is_tiled and page.shaped[0] == page.shaped[1] == 1)


def _open_rows(page: Any, file: BinaryIO, path: Path, rows: slice, columns: slice, gaps: Gaps) -> NDArray[np.generic]:
    """Copy a window of pixels that lie open; rows beyond the end of the file are zeros."""
    keyframe = page.keyframe
    _, _, height, width, samples = keyframe.shaped
    dtype = np.dtype(keyframe.dtype).newbyteorder(page.parent.byteorder)
    start = page.dataoffsets[0]
    there = min(height, max(0, file.seek(0, 2) - start) // (width * samples * dtype.itemsize))
    window = np.zeros((rows.stop - rows.start, columns.stop - columns.start, samples), keyframe.dtype)
    stop = min(rows.stop, there)
    if stop > rows.start:
        # A map of its own for each window: what was read of an earlier one is let go.
        mapped = np.memmap(path, dtype, "r", start, (there, width, samples))
        window[: stop - rows.start] = mapped[rows.start : stop, columns]
    for row in range(max(there, rows.start), rows.stop):
        gaps.add((start, row))
    return window[None, None]


def _touched(page: Any, rows: slice, columns: slice) -> list[int]:
    """Numbers of the strips or tiles that a window touches."""
    planes, depth, height, width, _ = page.shaped
    high, wide = segment_shape(page)
    deep = page.tiledepth if page.is_tiled else 1
    down, across = -(-height // high), -(-width // wide) if page.is_tiled else 1
    layers = planes * -(-depth // deep)
    return [
        (layer * down + row) * across + column
        for layer in range(layers)
        for row in range(rows.start // high, -(-rows.stop // high))
        for column in range(columns.start // wide, -(-columns.stop // wide))
    ]


def _paste(
    window: NDArray[np.generic],
    page: Any,
    index: int,
    file: BinaryIO,
    where: tuple[slice, slice],
    gaps: Gaps,
) -> None:
    """Decode one strip or tile and copy what of it lies in the window."""
    data = _segment_bytes(page, index, file, gaps)
    if data is None:
        return
    try:
        decoded, place, _ = page.keyframe.decode(data, index, jpegtables=page.jpegtables)
    except Exception:  # each codec has its own
        gaps.add((page.dataoffsets[index], index))
        return
    if decoded is None:
        return
    plane, layer, top, left, _ = place
    inside, target = [], []
    for start, length, part in ((top, decoded.shape[1], where[0]), (left, decoded.shape[2], where[1])):
        first, last = max(start, part.start), min(start + length, part.stop)
        if last <= first:
            return
        inside.append(slice(first - start, last - start))
        target.append(slice(first - part.start, last - part.start))
    deep = min(decoded.shape[0], window.shape[1] - layer)
    window[plane, layer : layer + deep, target[0], target[1]] = decoded[:deep, inside[0], inside[1]]


def _segment_bytes(page: Any, index: int, file: BinaryIO, gaps: Gaps) -> bytes | None:
    """Bytes of a strip or tile; None where there are none, or more pixels would come of them than it has."""
    if index >= len(page.dataoffsets):
        gaps.add((-1, index))
        return None
    offset, count = page.dataoffsets[index], page.databytecounts[index]
    if not offset or not count:
        return None
    file.seek(offset)
    data = file.read(count)
    most = max(_SPARE * math.prod(segment_shape(page.keyframe)), _SMALL)
    if len(data) < count or (stated_pixels(data[:HEAD_BYTES]) or 0) > most:
        gaps.add((offset, index))
        return None
    return data
