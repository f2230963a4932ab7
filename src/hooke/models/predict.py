"""Predicts the maps of an image of any size: rescaled, in overlapping tiles, blended.

The image is cut into tiles in its own pixels; each tile is resized to the network's scale, predicted, resized back
and blended into the result. So nothing at the network's scale is ever held for the whole image, and the maps, kept
as 16-bit integers, are the only thing that grows with it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from hooke.preprocess import Normalisation, in_chunks_of_four_channels
from hooke.targets.fixed_point import SCALE_16BIT

#: A network: (1, C, Y, X) float32 with sides that are multiples of the stride -> (1, K, Y, X) float32.
Network = Callable[[NDArray[np.float32]], NDArray[np.float32]]


@dataclass(frozen=True)
class Tiling:
    """How an image is cut.

    Parameters
    ----------
    tile : int
        Largest side of a tile at the network's scale, pixels; a multiple of the stride.
    overlap : int
        Pixels at the network's scale that neighbouring tiles share.
    stride : int
        The network's stride: sides of its input are multiples of this.

    Raises
    ------
    ValueError
        When tiles could not cover more than what they share.
    """

    tile: int = 448
    overlap: int = 48
    stride: int = 32

    def __post_init__(self) -> None:
        if not 0 < self.overlap < self.tile:
            raise ValueError(f"tiles of {self.tile} px can't overlap by {self.overlap} px")


@dataclass(frozen=True)
class _Span:
    """One tile along one axis, in image pixels, with its share in each of them: those of all spans sum to 1."""

    start: int
    stop: int
    share: NDArray[np.float32]


def predict_maps(
    network: Network,
    pixels: NDArray[np.generic],
    normalisation: Normalisation,
    *,
    scale: float = 1.0,
    maps: int = 3,
    tiling: Tiling | None = None,
    threads: int = 1,
    progress: Callable[[float], None] | None = None,
) -> NDArray[np.uint16]:
    """Predict the first maps of an image, at the image's own resolution.

    Parameters
    ----------
    network : callable
        See `Network`; called from `threads` threads at once. Its maps lie in 0..1.
    pixels : ndarray, shape (Y, X) or (Y, X, C)
        As stored; normalised tile by tile.
    normalisation : Normalisation
    scale : float
        Network pixels per image pixel.
    maps : int
        Number of maps kept, from the first.
    tiling : Tiling, optional
    threads : int
        Tiles in work at once.
    progress : callable, optional
        Called with the share done, 0..1, after each tile.

    Returns
    -------
    ndarray of uint16, shape (maps, Y, X)
        0..65535 for 0..1.
    """
    tiling = tiling or Tiling()
    height, width = pixels.shape[:2]
    rows = list(_spans(height, scale, tiling))
    columns = list(_spans(width, scale, tiling))
    canvas = np.zeros((maps, height, width), np.uint16)

    def work(row: _Span, column: _Span) -> tuple[_Span, _Span, NDArray[np.float32]]:
        window = normalisation.apply(pixels[row.start : row.stop, column.start : column.stop])
        return row, column, _predict_window(network, window, scale, tiling.stride, maps)

    jobs = [(row, column) for row in rows for column in columns]
    for done, (row, column, result) in enumerate(_unordered(work, jobs, threads), 1):
        weight = row.share[:, None] * column.share[None, :] * np.float32(SCALE_16BIT)
        # Rounding down keeps the sum of overlapping tiles within 16 bits.
        canvas[:, row.start : row.stop, column.start : column.stop] += (result * weight).astype(np.uint16)
        if progress:
            progress(done / len(jobs))
    return canvas


def _predict_window(
    network: Network, window: NDArray[np.float32], scale: float, stride: int, maps: int
) -> NDArray[np.float32]:
    height, width = window.shape[:2]
    scaled = window if scale == 1 else _resize(window, max(1, round(height * scale)), max(1, round(width * scale)))
    inner_height, inner_width = scaled.shape[:2]
    below, right = -inner_height % stride, -inner_width % stride
    if below or right:
        scaled = np.pad(scaled, ((0, below), (0, right), (0, 0)), mode="symmetric")
    output = network(np.ascontiguousarray(scaled.transpose(2, 0, 1)[None]))[0, :maps, :inner_height, :inner_width]
    output = np.clip(output, 0, 1)
    if output.shape[1:] == (height, width):
        return output
    return np.stack([cv2.resize(one, (width, height), interpolation=cv2.INTER_LINEAR) for one in output])


def _resize(window: NDArray[np.float32], height: int, width: int) -> NDArray[np.float32]:
    shrinks = height * width < window.shape[0] * window.shape[1]
    way = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return in_chunks_of_four_channels(window, lambda part: cv2.resize(part, (width, height), interpolation=way))


def _spans(length: int, scale: float, tiling: Tiling) -> Iterator[_Span]:
    """Cut one axis into as few tiles as their largest size allows, evenly spread and no larger than they must be.

    Neighbours are blended over half of the overlap, in the middle of what they share: at its border a tile knows too
    little of what surrounds it. Where the image is not resized, tiles begin at multiples of half the network's stride,
    since a network answers differently to the same pixels elsewhere between these.
    """
    tile, overlap = max(2, round(tiling.tile / scale)), max(1, round(tiling.overlap / scale))
    count = max(1, -(-(length - overlap) // (tile - overlap)))
    if count == 1:
        yield _Span(0, length, np.ones(length, np.float32))
        return
    # A whole number of strides: what is left of one would be computed all the same.
    needed = -(-(length + (count - 1) * overlap) // count) * scale
    tile = min(tile, max(2, math.ceil(math.ceil(needed / tiling.stride) * tiling.stride / scale)))
    starts = [round(index * (length - tile) / (count - 1)) for index in range(count)]
    unit = max(1, tiling.stride // 2)
    if scale == 1 and overlap >= 2 * unit:  # rounded up, neighbours still share more than they are blended over
        starts = [-(-start // unit) * unit for start in starts]
    stops = [min(start + tile, length) for start in starts]
    middles = [(start + stop) / 2 for start, stop in zip(starts[1:], stops, strict=False)]

    def passed(pixels: NDArray[np.float64], middle: float) -> NDArray[np.float64]:
        return np.clip((pixels + 0.5 - middle) / max(1, overlap // 2) + 0.5, 0, 1)

    for start, stop, left, right in zip(starts, stops, [-np.inf, *middles], [*middles, np.inf], strict=True):
        pixels = np.arange(start, stop, dtype=np.float64)
        # Shares are differences of one rising step a joint, so they sum to 1 however many tiles meet in a pixel.
        yield _Span(start, stop, (passed(pixels, left) - passed(pixels, right)).astype(np.float32))


def _unordered(
    work: Callable[[_Span, _Span], tuple[_Span, _Span, NDArray[np.float32]]],
    jobs: list[tuple[_Span, _Span]],
    threads: int,
) -> Iterator[tuple[_Span, _Span, NDArray[np.float32]]]:
    """Results as they come, with no more than two tiles a thread waiting, so that memory stays bounded."""
    if threads <= 1 or len(jobs) == 1:
        for job in jobs:
            yield work(*job)
        return
    with ThreadPoolExecutor(threads) as pool:
        pending: set[Future[tuple[_Span, _Span, NDArray[np.float32]]]] = set()
        queue = iter(jobs)
        try:
            while True:
                for job in queue:
                    pending.add(pool.submit(work, *job))
                    if len(pending) >= 2 * threads:
                        break
                if not pending:
                    return
                done, pending = wait(pending, return_when=FIRST_COMPLETED)
                for future in done:
                    yield future.result()
        finally:
            for future in pending:
                future.cancel()
