"""Mask, seeds and a landscape in, instances out: the watershed and what goes round it, for images of any size.

Everything works in place on one label image, and nothing wider than 32 bits is made for the whole of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import cv2
import numpy as np
from numpy.typing import NDArray
from skimage.segmentation import watershed

__all__ = ["bands", "fill_holes", "flood", "make_seeds", "renumber"]

_BLOCK = 256  # side of the squares whose contested pixels are flooded together
_CROSS = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))


def make_seeds(core: NDArray[np.bool_], min_area: int) -> NDArray[np.int32]:
    """Find the connected pieces of at least `min_area` pixels and number them from 1.

    Parameters
    ----------
    core : ndarray of bool, shape (Y, X)
        What certainly belongs to some object, and to one only.
    min_area : int

    Returns
    -------
    ndarray of int32, shape (Y, X)
    """
    count, seeds = _pieces(core)
    # OpenCV would count the pixels too, but takes twice as long over it as over finding the pieces.
    area = np.zeros(count, np.int64)
    for band in bands(seeds):
        area += np.bincount(seeds[band].ravel(), minlength=count)
    keep = area >= min_area
    keep[0] = False
    renumber(seeds, keep)
    return seeds


def flood(
    labels: NDArray[np.int32], mask: NDArray[np.bool_], split: NDArray[np.uint16], distance: NDArray[np.uint16]
) -> None:
    """Grow the seeds in `labels` over the mask, in place; a piece of the mask without a seed becomes one object.

    This is the watershed of the landscape ``split - distance``, which rises from the middle of the objects to the
    split lines. Its first steps need no queue of pixels: what lies at or below level 0 and is connected to one seed
    only is flooded by that seed before any other gets there, and so is a piece of the mask that holds one seed. Only
    the pixels that then remain, about the split lines, are flooded in order, which is what makes decoding fast.

    Parameters
    ----------
    labels : ndarray of int32, shape (Y, X)
        Seeds 1..n, all of them within the mask; becomes the objects.
    mask : ndarray of bool, shape (Y, X)
    split, distance : ndarray of uint16, shape (Y, X)
    """
    pixels = _pixel_of_each(labels)
    _claim(labels, mask & ((split <= distance) | (labels > 0)), pixels)
    _claim(labels, mask, pixels, own=True)
    _share(labels, mask & (labels == 0), split, distance)


def fill_holes(labels: NDArray[np.int32], diameter: float | None) -> None:
    """Give a small background piece that lies inside a single object to that object, in place.

    Parameters
    ----------
    labels : ndarray of int32, shape (Y, X)
    diameter : float or None
        Holes larger than a tenth of a disk this wide (pixels) stay; with None all are filled.
    """
    y, x, hole = _holes(labels, 0.1 * np.pi / 4 * diameter**2 if diameter else np.inf)
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


def renumber(labels: NDArray[np.int32], keep: NDArray[np.bool_]) -> None:
    """Give the ids kept (bool per id, 0 not kept) the numbers 1..n in their order and the others 0, in place."""
    new = np.cumsum(keep, dtype=np.int32)
    new[~keep] = 0
    for band in bands(labels):
        labels[band] = new[labels[band]]


def bands(labels: NDArray[np.int32]) -> Iterator[slice]:
    """Rows, about a megapixel at a time.

    NumPy turns an array that serves as an index into 64 bits: done by bands, that costs megabytes and stays in the
    processor's cache, where the whole image at once would cost gigabytes.
    """
    height, width = labels.shape
    rows = max(1, 2**20 // max(1, width))
    return (slice(top, min(top + rows, height)) for top in range(0, height, rows))


def _pieces(mask: NDArray[np.bool_]) -> tuple[int, NDArray[np.int32]]:
    """Find connected pieces: one more than their number, and an image that numbers them from 1."""
    count, pieces = cv2.connectedComponents(mask.view(np.uint8), connectivity=4, ltype=cv2.CV_32S)
    return count, np.asarray(pieces, np.int32)


def _pixel_of_each(labels: NDArray[np.int32]) -> NDArray[np.intp]:
    """Index into the ravelled image of one pixel of each label 1..n."""
    pixels = np.zeros(int(labels.max(initial=0)) + 1, np.intp)
    for band in bands(labels):
        flat = labels[band].ravel()
        where = np.flatnonzero(flat)
        pixels[flat[where]] = where + band.start * labels.shape[1]
    return pixels[1:]


def _claim(
    labels: NDArray[np.int32], within: NDArray[np.bool_], pixels: NDArray[np.intp], *, own: bool = False
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
    for band in bands(labels):
        np.maximum(labels[band], owner[pieces[band]], out=labels[band])


def _share(
    labels: NDArray[np.int32], contested: NDArray[np.bool_], split: NDArray[np.uint16], distance: NDArray[np.uint16]
) -> None:
    """Flood the contested pixels from the labels around them, in place.

    Connected pieces of them do not touch, so each could be flooded alone; neighbouring ones are taken together, for
    a call costs as much as a thousand pixels.
    """
    count, pieces, stats, _ = cv2.connectedComponentsWithStats(
        contested.view(np.uint8), connectivity=4, ltype=cv2.CV_32S
    )
    if count == 1:
        return
    left, top = stats[:, cv2.CC_STAT_LEFT], stats[:, cv2.CC_STAT_TOP]
    right, bottom = left + stats[:, cv2.CC_STAT_WIDTH], top + stats[:, cv2.CC_STAT_HEIGHT]
    block = (top // _BLOCK) * (labels.shape[1] // _BLOCK + 1) + left // _BLOCK
    block[0] = -1  # what is not contested
    order = np.argsort(block, kind="stable")[1:]
    for group in np.split(order, np.flatnonzero(np.diff(block[order])) + 1):
        rows = slice(max(top[group].min() - 1, 0), bottom[group].max() + 1)
        columns = slice(max(left[group].min() - 1, 0), right[group].max() + 1)
        window = rows, columns
        members = block[pieces[window]] == block[group[0]]
        nearby = cv2.dilate(members.view(np.uint8), _CROSS).view(np.bool_)
        around = np.where(nearby, labels[window], 0)
        landscape = split[window].astype(np.float64) - distance[window]
        flooded = watershed(landscape, around, mask=members | (around > 0))  # type: ignore[no-untyped-call]
        np.copyto(labels[window], flooded, where=members)


def _holes(labels: NDArray[np.int32], limit: float) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.int32]]:
    """Row, column and hole number of each pixel of the background pieces of at most `limit` pixels, off the border."""
    count, pieces = _pieces(labels == 0)
    enclosed = np.ones(count, bool)
    enclosed[0] = False
    for edge in (pieces[0], pieces[-1], pieces[:, 0], pieces[:, -1]):
        enclosed[edge] = False
    found = [(band.start, *np.nonzero(enclosed[pieces[band]])) for band in bands(pieces)]
    y, x = np.concatenate([top + y for top, y, _ in found]), np.concatenate([x for _, _, x in found])
    hole = pieces[y, x]
    small = (np.bincount(hole, minlength=count) <= limit)[hole]
    return y[small], x[small], hole[small]
