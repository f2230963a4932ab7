"""Predicts the maps of an image of any size: rescaled, in overlapping tiles, blended.

The image is cut into tiles in its own pixels; each tile is resized to the network's scale, predicted, resized back
and blended into the result. So nothing at the network's scale is ever held for the whole image, and the maps, kept
as 16-bit integers, are the only thing that grows with it. Tiles lie on one grid for the whole image (`TileGrid`): the
maps of any window of it are, to the last bit, those that the whole image has there.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from hooke.image import Pixels
from hooke.preprocess import Normalisation, in_chunks_of_four_channels
from hooke.targets.fixed_point import SCALE_16BIT

#: A network: (1, C, Y, X) float32 with sides that are multiples of the stride -> (1, K, Y, X) float32.
Network = Callable[[NDArray[np.float32]], NDArray[np.float32]]

_Job = TypeVar("_Job")
_Result = TypeVar("_Result")


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
    tight : bool
        Whether tiles of magnified images are a pixel smaller, rather than larger, than a whole number of strides: for
        fewer pixels. Otherwise the network is shown up to a stride of mirror image beside them.

    Raises
    ------
    ValueError
        When tiles could not cover more than what they share.
    """

    tile: int = 448
    overlap: int = 32
    stride: int = 32
    tight: bool = False

    def __post_init__(self) -> None:
        if not 0 < self.overlap < self.tile:
            raise ValueError(f"tiles of {self.tile} px can't overlap by {self.overlap} px")


@dataclass(frozen=True)
class _Span:
    """One tile along one axis, in image pixels, with its share in each of them: those of all spans sum to 1."""

    start: int
    stop: int
    share: NDArray[np.float32]


class TileGrid:
    """The tiles of a whole image, at fixed places however much of it is predicted at a time.

    Parameters
    ----------
    shape : tuple of int
        Of the image: (Y, X) or (Y, X, C).
    scale : float
        Network pixels per image pixel.
    tiling : Tiling
    """

    def __init__(self, shape: tuple[int, ...], scale: float, tiling: Tiling) -> None:
        self.scale = scale
        self.tiling = tiling
        self.rows = list(_spans(shape[0], scale, tiling))
        self.columns = list(_spans(shape[1], scale, tiling))

    def places(self, rows: slice, columns: slice) -> list[tuple[int, int]]:
        """Row and column in the grid of each tile that has a share in a window."""
        found = [
            [index for index, span in enumerate(spans) if span.start < part.stop and part.start < span.stop]
            for spans, part in ((self.rows, rows), (self.columns, columns))
        ]
        return [(row, column) for row in found[0] for column in found[1]]

    def read(self, pixels: Pixels, place: tuple[int, int]) -> NDArray[np.generic]:
        """Pixels of one tile."""
        row, column = self.rows[place[0]], self.columns[place[1]]
        window: NDArray[np.generic] = pixels[row.start : row.stop, column.start : column.stop]
        return window

    def to_image(self, output: NDArray[np.float32], place: tuple[int, int]) -> NDArray[np.float32]:
        """Bring a tile's maps from the network's scale to the image's own resolution."""
        row, column = self.rows[place[0]], self.columns[place[1]]
        height, width = row.stop - row.start, column.stop - column.start
        if output.shape[1:] == (height, width):
            return output
        return np.stack([cv2.resize(one, (width, height), interpolation=cv2.INTER_LINEAR) for one in output])

    def blend(
        self, canvas: NDArray[np.uint16], corner: tuple[int, int], place: tuple[int, int], result: NDArray[np.float32]
    ) -> None:
        """Add a tile's maps to those of a window.

        Parameters
        ----------
        canvas : ndarray of uint16, shape (maps, Y, X)
            Of the window; zeros before the first tile.
        corner : (int, int)
            Row and column of its first pixel in the image.
        place : (int, int)
            Row and column of the tile in the grid.
        result : ndarray of float32, shape (maps, Y, X)
            From `to_image`.
        """
        row, column = self.rows[place[0]], self.columns[place[1]]
        inside, target, shares = [], [], []
        for span, first, length in ((row, corner[0], canvas.shape[1]), (column, corner[1], canvas.shape[2])):
            start, stop = max(span.start, first), min(span.stop, first + length)
            inside.append(slice(start - span.start, stop - span.start))
            target.append(slice(start - first, stop - first))
            shares.append(span.share[inside[-1]])
        weight = shares[0][:, None] * shares[1][None, :] * np.float32(SCALE_16BIT)
        # Rounding down keeps the sum of overlapping tiles within 16 bits.
        canvas[:, target[0], target[1]] += (result[:, inside[0], inside[1]] * weight).astype(np.uint16)


def predict_maps(
    network: Network,
    pixels: Pixels,
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
    height, width = pixels.shape[:2]
    grid = TileGrid(pixels.shape, scale, tiling or Tiling())
    canvas = np.zeros((maps, height, width), np.uint16)

    def work(place: tuple[int, int]) -> tuple[tuple[int, int], NDArray[np.float32]]:
        output = predict_tile(network, normalisation.apply(grid.read(pixels, place)), grid, maps)
        return place, grid.to_image(output, place)

    places = grid.places(slice(0, height), slice(0, width))
    for done, (place, result) in enumerate(_unordered(work, places, threads), 1):
        grid.blend(canvas, (0, 0), place, result)
        if progress:
            progress(done / len(places))
    return canvas


def predict_tile(network: Network, window: NDArray[np.float32], grid: TileGrid, maps: int) -> NDArray[np.float32]:
    """Predict one tile.

    Parameters
    ----------
    network : callable
    window : ndarray of float32, shape (Y, X, C)
        Its normalised pixels.
    grid : TileGrid
    maps : int
        Number of maps kept, from the first.

    Returns
    -------
    ndarray of float32, shape (maps, Y', X')
        0..1, at the network's scale.
    """
    (height, width), scale, stride = window.shape[:2], grid.scale, grid.tiling.stride
    scaled = window if scale == 1 else _resize(window, max(1, round(height * scale)), max(1, round(width * scale)))
    inner_height, inner_width = scaled.shape[:2]
    below, right = -inner_height % stride, -inner_width % stride
    if below or right:
        scaled = np.pad(scaled, ((0, below), (0, right), (0, 0)), mode="symmetric")
    output = network(np.ascontiguousarray(scaled.transpose(2, 0, 1)[None]))[0, :maps, :inner_height, :inner_width]
    return np.clip(output, 0, 1)


def _resize(window: NDArray[np.float32], height: int, width: int) -> NDArray[np.float32]:
    shrinks = height * width < window.shape[0] * window.shape[1]
    way = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return in_chunks_of_four_channels(window, lambda part: cv2.resize(part, (width, height), interpolation=way))


def _spans(length: int, scale: float, tiling: Tiling) -> Iterator[_Span]:
    """Cut one axis into tiles, evenly spread, of the number and sizes that show the network the fewest pixels.

    Neighbours are blended over half of the overlap, in the middle of what they share: at its border a tile knows too
    little of what surrounds it. Where the image is not resized, tiles begin at multiples of half the network's stride,
    since a network answers differently to the same pixels elsewhere between these.
    """
    overlap = max(1, round(tiling.overlap / scale))
    sides = _plan(length * scale, tiling)
    if len(sides) == 1:
        yield _Span(0, length, np.ones(length, np.float32))
        return
    whole = math.floor if tiling.tight else math.ceil
    tiles = [min(length, max(2, whole(side / scale))) for side in sides]
    shared = (sum(tiles) - length) / (len(tiles) - 1)
    starts = [round(sum(tiles[:index]) - index * shared) for index in range(len(tiles))]
    unit = max(1, tiling.stride // 2)
    if scale == 1 and overlap >= 2 * unit:  # rounded up, neighbours still share more than they are blended over
        starts = [-(-start // unit) * unit for start in starts]
    stops = [min(start + tile, length) for start, tile in zip(starts, tiles, strict=True)]
    middles = [(start + stop) / 2 for start, stop in zip(starts[1:], stops, strict=False)]

    def passed(pixels: NDArray[np.float64], middle: float) -> NDArray[np.float64]:
        return np.clip((pixels + 0.5 - middle) / max(1, overlap // 2) + 0.5, 0, 1)

    for start, stop, left, right in zip(starts, stops, [-np.inf, *middles], [*middles, np.inf], strict=True):
        pixels = np.arange(start, stop, dtype=np.float64)
        # Shares are differences of one rising step a joint, so they sum to 1 however many tiles meet in a pixel.
        yield _Span(start, stop, (passed(pixels, left) - passed(pixels, right)).astype(np.float32))


def _plan(length: float, tiling: Tiling) -> list[int]:
    """Choose the tiles along an axis of a length, network pixels: the side of each, a whole number of strides."""
    tile, overlap, stride = tiling.tile, tiling.overlap, tiling.stride
    if round(length) <= tile:
        return [round(length)]
    fewest = math.ceil((length - overlap) / (tile - overlap))
    # The least number of strides in all, and of tiles.
    strides, count = min(
        (math.ceil((length + (count - 1) * overlap) / stride), count) for count in range(fewest, 2 * fewest + 1)
    )
    return [(strides + index) // count * stride for index in range(count)]


def _unordered(work: Callable[[_Job], _Result], jobs: list[_Job], threads: int) -> Iterator[_Result]:
    """Results as they come, with no more than two tiles a thread waiting, so that memory stays bounded."""
    if threads <= 1 or len(jobs) == 1:
        for job in jobs:
            yield work(job)
        return
    with ThreadPoolExecutor(threads) as pool:
        pending: set[Future[_Result]] = set()
        queue = iter(jobs)
        try:
            while True:
                for job in queue:
                    pending.add(pool.submit(work, job))
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
