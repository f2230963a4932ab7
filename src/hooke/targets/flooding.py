"""Finds instances from mask, seeds and heights by a watershed, for images of any size.

Everything works in place on one label image, and nothing wider than 32 bits is made for the whole of it.

The watershed is the minimum spanning forest that grows from the seeds (Cousty et al. 2009, "Watershed cuts: minimum
spanning forests and the drop of water principle", IEEE TPAMI 31(8)), found with Boruvka's algorithm, whose rounds
treat all pixels at once and need no queue: in the first each pixel drains to its lowest neighbour, in the others each
basin that holds no seed spills over its lowest pass. Where two seeds have equally high passes to a pixel, as on a
ridge's top, flooding with a queue may choose the other one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import cv2
import numpy as np
from numpy.typing import NDArray

from hooke.labels.anchors import last_pixels
from hooke.labels.bands import for_each_band, map_bands

_BATCH = 2**18  # pixels whose neighbours are visited together
_PLACE = 40  # bits of a rank that hold the pixel's place; its height is above them
_CROSS = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))


def make_seeds(core: NDArray[np.bool_], min_area: int, threads: int = 1) -> NDArray[np.int32]:
    """Find the connected pieces of at least `min_area` pixels and number them from 1.

    Parameters
    ----------
    core : ndarray of bool, shape (Y, X)
        What certainly belongs to some object, and to one only.
    min_area : int
    threads : int

    Returns
    -------
    ndarray of int32, shape (Y, X)
    """
    count, seeds = _pieces(core)
    # OpenCV would count the pixels too, but takes twice as long over it as over finding the pieces.
    areas = map_bands(lambda band: np.bincount(seeds[band].ravel(), minlength=count), seeds, threads)
    keep = sum(areas, start=np.zeros(count, np.int64)) >= min_area
    keep[0] = False
    renumber(seeds, keep, threads)
    return seeds


def flood(
    labels: NDArray[np.int32],
    mask: NDArray[np.bool_],
    split: NDArray[np.uint16],
    distance: NDArray[np.uint16],
    threads: int = 1,
) -> None:
    """Grow the seeds in `labels` over the mask, in place; a piece of the mask without a seed becomes one object.

    This is the watershed of the landscape ``split - distance``, which rises from the middle of the objects to the
    split lines. Its first steps need no heights: what lies at or below level 0 and is connected to one seed
    only is flooded by that seed before any other gets there, and so is a piece of the mask that holds one seed. Only
    the pixels that then remain, about the split lines, are shared out by height, which is what makes decoding fast.

    Parameters
    ----------
    labels : ndarray of int32, shape (Y, X)
        Seeds 1..n, all of them within the mask; becomes the objects.
    mask : ndarray of bool, shape (Y, X)
    split, distance : ndarray of uint16, shape (Y, X)
    threads : int
    """
    pixels = last_pixels(labels, threads)
    _claim(labels, mask & ((split <= distance) | (labels > 0)), pixels, threads=threads)
    _claim(labels, mask, pixels, own=True, threads=threads)
    _share(labels, mask & (labels == 0), split, distance)


def fill_holes(labels: NDArray[np.int32], diameter: float | None, threads: int = 1) -> None:
    """Give a small background piece that lies inside a single object to that object, in place.

    Parameters
    ----------
    labels : ndarray of int32, shape (Y, X)
    diameter : float or None
        Holes larger than a tenth of a disk this wide (pixels) stay; with None all are filled.
    threads : int
    """
    y, x, hole = _holes(labels, 0.1 * np.pi / 4 * diameter**2 if diameter else np.inf, threads)
    if not len(hole):
        return
    count = int(hole.max()) + 1
    lowest, highest = np.full(count, np.iinfo(np.int32).max, np.int32), np.zeros(count, np.int32)
    for down, right in product((-1, 0, 1), repeat=2):
        beside = labels[y + down, x + right]
        at = beside > 0
        np.minimum.at(lowest, hole[at], beside[at])
        np.maximum.at(highest, hole[at], beside[at])
    labels[y, x] = np.where(lowest == highest, highest, 0)[hole]


def renumber(labels: NDArray[np.int32], keep: NDArray[np.bool_], threads: int = 1) -> None:
    """Give the ids kept (bool per id, 0 not kept) the numbers 1..n in their order and the others 0, in place."""
    new = np.cumsum(keep, dtype=np.int32)
    new[~keep] = 0

    def write(band: slice) -> None:
        labels[band] = new[labels[band]]

    for_each_band(write, labels, threads)


def _pieces(mask: NDArray[np.bool_]) -> tuple[int, NDArray[np.int32]]:
    """Find connected pieces: one more than their number, and an image that numbers them from 1."""
    count, pieces = cv2.connectedComponents(mask.view(np.uint8), connectivity=4, ltype=cv2.CV_32S)
    return count, np.asarray(pieces, np.int32)


def _claim(
    labels: NDArray[np.int32],
    within: NDArray[np.bool_],
    pixels: NDArray[np.intp],
    *,
    own: bool = False,
    threads: int = 1,
) -> None:
    """Give each connected piece that holds a single seed to it; with `own`, pieces without any get new numbers.

    Parameters
    ----------
    labels : ndarray of int32, shape (Y, X)
        Seeds, as far as they have grown; changed in place.
    within : ndarray of bool, shape (Y, X)
        All of the seeds and more.
    pixels : ndarray of int, shape (n,)
        A pixel of each seed.
    own : bool
    threads : int
    """
    count, pieces = _pieces(within)
    home = pieces.ravel()[pixels]
    seeds = np.bincount(home, minlength=count)
    owner = np.zeros(count, np.int32)
    owner[home] = np.arange(1, len(home) + 1)
    owner[seeds > 1] = 0
    if own:
        orphans = np.flatnonzero(seeds[1:] == 0) + 1
        owner[orphans] = np.arange(1, len(orphans) + 1) + len(home)

    def take(band: slice) -> None:
        np.maximum(labels[band], owner[pieces[band]], out=labels[band])

    for_each_band(take, labels, threads)


def _share(
    labels: NDArray[np.int32], contested: NDArray[np.bool_], split: NDArray[np.uint16], distance: NDArray[np.uint16]
) -> None:
    """Share the contested pixels out among the labels around them, in place.

    Nodes of the forest are the n contested pixels, 0..n - 1, and label k as n - 1 + k. Meanwhile, `labels`
    holds ``~node`` at the contested pixels.

    Parameters
    ----------
    labels : ndarray of int32, shape (Y, X)
        In one piece of memory. Every connected piece of contested pixels, which are 0, touches a label.
    contested : ndarray of bool, shape (Y, X)
    split, distance : ndarray of uint16, shape (Y, X)
    """
    landscape = _Landscape(labels.reshape(-1), split.reshape(-1), distance.reshape(-1), labels.shape[1])
    pixels = np.flatnonzero(contested)
    n, nodes = len(pixels), len(pixels) + int(labels.max(initial=0))
    landscape.owners[pixels] = ~np.arange(n, dtype=np.int32)
    below = np.arange(nodes)
    for start in range(0, n, _BATCH):
        batch = slice(start, min(start + _BATCH, n))
        below[batch] = landscape.nodes(landscape.lowest_beside(pixels[batch]), n)
    basin = _spill(_ends(below), landscape, pixels)
    landscape.owners[pixels] = basin[:n] - (n - 1)


@dataclass(frozen=True)
class _Landscape:
    """Owners and heights of an image's pixels, ravelled."""

    owners: NDArray[np.int32]  # label, 0 for background, ~node for contested pixels
    split: NDArray[np.uint16]
    distance: NDArray[np.uint16]
    width: int

    def nodes(self, pixels: NDArray[np.intp], n: int) -> NDArray[np.intp]:
        """Look up the nodes of pixels that are not background, n of all being contested."""
        owner = self.owners[pixels].astype(np.intp)
        return np.where(owner < 0, ~owner, owner + (n - 1))

    def rank(self, pixels: NDArray[np.intp]) -> NDArray[np.int64]:
        """Height and, where two are level, place: no two pixels have one rank, or the forest could form a ring."""
        height = self.split[pixels].astype(np.int64) - self.distance[pixels] + np.iinfo(np.uint16).max
        return (height << _PLACE) | pixels

    def beside(self, pixels: NDArray[np.intp]) -> Iterator[tuple[NDArray[np.intp], NDArray[np.bool_]]]:
        """Neighbours above, left, right and below, and whether there is one that is not background."""
        column = pixels % self.width
        inside = pixels >= self.width, column > 0, column < self.width - 1, pixels < len(self.owners) - self.width
        for step, there in zip((-self.width, -1, 1, self.width), inside, strict=True):
            neighbour = np.where(there, pixels + step, pixels)
            yield neighbour, there & (self.owners[neighbour] != 0)

    def lowest_beside(self, pixels: NDArray[np.intp]) -> NDArray[np.intp]:
        """Find each pixel's lowest neighbour."""
        lowest = np.full(len(pixels), np.iinfo(np.int64).max)
        for neighbour, there in self.beside(pixels):
            np.minimum(lowest, self.rank(neighbour), out=lowest, where=there)
        return np.asarray(lowest & ((1 << _PLACE) - 1), np.intp)


def _spill(basin: NDArray[np.intp], landscape: _Landscape, pixels: NDArray[np.intp]) -> NDArray[np.intp]:
    """Unite basins that hold no label with the neighbour behind their lowest pass, until all have one.

    Parameters
    ----------
    basin : ndarray of int, shape (n + labels,)
        The basin each node belongs to, which is one of its nodes; a label's own node where it holds a label.
    landscape : _Landscape
    pixels : ndarray of int, shape (n,)

    Returns
    -------
    ndarray of int, shape (n + labels,)
    """
    n = len(pixels)
    here, there = _passes(basin, landscape, pixels)
    while len(here):
        lowest = np.full(len(basin), len(here))
        np.minimum.at(lowest, here, np.arange(len(here)))
        dry = np.flatnonzero(lowest < len(here))
        onward = np.arange(len(basin))
        onward[dry] = there[lowest[dry]]
        onward = _ends(onward)
        basin, here, there = onward[basin], onward[here], onward[there]
        between = (here < n) & (here != there)
        here, there = here[between], there[between]
    return basin


def _passes(
    basin: NDArray[np.intp], landscape: _Landscape, pixels: NDArray[np.intp]
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Find every way out of a basin without label, lowest pass first: that basin and the one behind the pass."""
    n = len(pixels)
    dry = np.flatnonzero(basin[:n] < n)
    here, there, upper, lower = [], [], [], []
    rank = landscape.rank(pixels[dry])
    for neighbour, is_there in landscape.beside(pixels[dry]):
        inner = np.flatnonzero(is_there)
        beyond = basin[landscape.nodes(neighbour[inner], n)]
        leaves = beyond != basin[dry[inner]]
        inner, beyond = inner[leaves], beyond[leaves]
        sides = rank[inner], landscape.rank(neighbour[inner])
        here.append(basin[dry[inner]])
        there.append(beyond)
        upper.append(np.maximum(*sides))
        lower.append(np.minimum(*sides))
    order = np.lexsort((np.concatenate(lower), np.concatenate(upper)))
    return np.concatenate(here)[order], np.concatenate(there)[order]


def _ends(onward: NDArray[np.intp]) -> NDArray[np.intp]:
    """Follow every node's way to its end; of two nodes that point to each other the first is the end."""
    nodes = np.arange(len(onward))
    ring = (onward[onward] == nodes) & (nodes < onward)
    onward = np.where(ring, nodes, onward)
    while not np.array_equal(further := onward[onward], onward):
        onward = further
    return onward


def _holes(
    labels: NDArray[np.int32], limit: float, threads: int
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.int32]]:
    """Row, column and hole number of each pixel of the background pieces of at most `limit` pixels, off the border."""
    count, pieces = _pieces(labels == 0)
    enclosed = np.ones(count, bool)
    enclosed[0] = False
    for edge in (pieces[0], pieces[-1], pieces[:, 0], pieces[:, -1]):
        enclosed[edge] = False

    def inside(band: slice) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        y, x = np.nonzero(enclosed[pieces[band]])
        return y + band.start, x

    y, x = (np.concatenate(parts) for parts in zip(*map_bands(inside, pieces, threads), strict=True))
    hole = pieces[y, x]
    small = (np.bincount(hole, minlength=count) <= limit)[hole]
    return y[small], x[small], hole[small]
