"""Target scheme `splitline`: label image to maps for training, maps to label image at run time.

Maps, in this order along the first axis:

=============  ============================================================================================
foreground     1 inside any object
split          1 on the line between touching (or nearly touching) objects, as wide as the smaller one asks for
distance       distance to the object's edge, divided by the largest such distance in that object: 0..1
diameter       the object's equivalent diameter on a log scale: 0 for an eighth of the nominal one, 1 for 8 times
=============  ============================================================================================

The first two follow the winners of the Data Science Bowl 2018 (Buslaev, Durnov and Seferbekov, who added the border
between touching nuclei to the foreground); the distance gives the watershed a floor to flood; the diameter tells the
pipeline at which scale an image should be looked at. Decoding is a seeded watershed: seeds are what remains of the
foreground without the split lines.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import ndimage
from skimage.segmentation import watershed

__all__ = ["MAPS", "Decoded", "SplitLine", "equivalent_diameters"]

MAPS = ("foreground", "split", "distance", "diameter")

_FULL = 65535  # stands for 1.0 in 16-bit maps
_BLOCK = 256  # side of the squares whose contested pixels are flooded together
_CROSS = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))
_OCTAVES = 3  # the diameter map spans this many doublings to either side of the nominal diameter

# A split line reaches this many pixels to either side for objects at least this wide (pixels). Below the first
# width a line would leave nothing of the object: there the distance alone keeps neighbours apart.
_REACH = ((1, 4.0), (2, 18.0), (3, 40.0))


@dataclass(frozen=True)
class Decoded:
    """What decoding gives.

    Parameters
    ----------
    labels : ndarray of int32, shape (Y, X)
        0 background, 1..n instances.
    scores : ndarray of float32, shape (n,)
        Mean foreground probability of each instance, in the order of the labels.
    """

    labels: NDArray[np.int32]
    scores: NDArray[np.float32]


@dataclass(frozen=True)
class SplitLine:
    """The scheme with its parameters.

    Parameters
    ----------
    nominal_diameter : float
        Diameter (pixels) at which the diameter map is one half.
    foreground : float
        Probability from which a pixel belongs to an object.
    seed : float
        A seed's pixels have foreground minus split probability above this ...
    seed_distance : float
        ... and a normalised distance above this.
    min_seed_area : int
        Seeds smaller than this (pixels) are no seeds.
    min_score : float
        Instances whose mean foreground probability lies below this are dropped.
    """

    nominal_diameter: float = 24.0
    foreground: float = 0.5
    seed: float = 0.5
    seed_distance: float = 0.3
    min_seed_area: int = 3
    min_score: float = 0.0

    name = "splitline"
    maps = MAPS

    def encode(self, labels: NDArray[np.integer], diameters: NDArray[np.float32] | None = None) -> NDArray[np.float32]:
        """Label image to maps.

        Parameters
        ----------
        labels : ndarray of int, shape (Y, X)
            0 background; ids need not be consecutive.
        diameters : ndarray of float32, shape (max id + 1,), optional
            Equivalent diameter of each id in pixels. Give it where objects are cut by the edge of a crop, so that the
            diameter map tells the whole object's size.

        Returns
        -------
        ndarray of float32, shape (4, Y, X)
        """
        # OpenCV's minimum and maximum filters take float32, exact up to 2**24 ids.
        ids = labels.astype(np.float32)
        if diameters is None:
            diameters = equivalent_diameters(labels)
        diameter = diameters[labels]
        inside = labels > 0
        maps = np.zeros((len(MAPS), *labels.shape), np.float32)
        maps[0] = inside
        maps[1] = _split_lines(ids, diameter)
        maps[2] = _normalised_distance(ids, labels, len(diameters))
        maps[3] = np.where(inside, np.clip(np.log2(diameter / self.nominal_diameter) / (2 * _OCTAVES) + 0.5, 0, 1), 0)
        return maps

    def diameter_of(self, value: ArrayLike) -> NDArray[np.float64]:
        """Diameter in pixels that a value of the diameter map stands for."""
        return self.nominal_diameter * 2.0 ** ((np.asarray(value, np.float64) - 0.5) * 2 * _OCTAVES)

    def decode(
        self, maps: NDArray[np.floating] | NDArray[np.uint16], *, min_size: float = 0.0, diameter: float | None = None
    ) -> Decoded:
        """Maps to instances.

        Parameters
        ----------
        maps : ndarray of float or uint16, shape (3 or 4, Y, X)
            Foreground and split probability and normalised distance, 0..1 as floats or 0..65535 as 16-bit integers;
            further maps are not looked at. Floats are rounded to 16 bits first, so that both give the same.
        min_size : float
            Instances of fewer pixels are dropped.
        diameter : float, optional
            Typical diameter in pixels; holes smaller than such an object's tenth are filled.

        Returns
        -------
        Decoded
        """
        foreground, split, distance = (_as_16_bit(one) for one in maps[:3])
        mask = foreground > _level(self.foreground)
        # cv2.subtract stops at 0 where NumPy would wrap around.
        core = mask & (cv2.subtract(foreground, split) > _level(self.seed)) & (distance > _level(self.seed_distance))
        labels = _seeds(core, self.min_seed_area)
        _flood(labels, mask, split, distance)
        _fill_holes(labels, diameter)
        return _drop(labels, foreground, min_size, self.min_score)


def equivalent_diameters(labels: NDArray[np.integer]) -> NDArray[np.float32]:
    """Diameter of the disk of equal area, for every id from 0 to the largest.

    Parameters
    ----------
    labels : ndarray of int, shape (Y, X)

    Returns
    -------
    ndarray of float32, shape (max id + 1,)
        Pixels; 1 for ids that do not occur and for the background.
    """
    area = np.bincount(labels.ravel(), minlength=1).astype(np.float32)
    area[0] = 0
    return np.maximum(np.sqrt(area * (4 / np.pi)), 1.0).astype(np.float32)


def _split_lines(ids: NDArray[np.float32], diameter: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Pixels within reach of two objects or more, the reach being what the smallest of them asks for."""
    far = np.float32(np.inf)
    lowest = np.where(ids > 0, ids, far)
    widths = np.where(ids > 0, diameter, far)
    split = np.zeros(ids.shape, bool)
    for reach, width in _REACH:
        window = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
        first = cv2.erode(lowest, window)
        last = cv2.dilate(ids, window)
        smallest = cv2.erode(widths, window)
        split |= (last > first) & (last > 0) & (smallest >= width)
    return split


def _normalised_distance(ids: NDArray[np.float32], labels: NDArray[np.integer], count: int) -> NDArray[np.float32]:
    inner = (cv2.erode(ids, _CROSS) == ids) & (cv2.dilate(ids, _CROSS) == ids) & (ids > 0)
    distance = cv2.distanceTransform(inner.astype(np.uint8), cv2.DIST_L2, 5)
    if not (ids == 0).any() and inner.all():  # one object fills the frame: no edge in sight
        distance = np.ones_like(distance)
    distance = np.where(ids > 0, distance + 1, 0).astype(np.float32)
    furthest = np.asarray(ndimage.maximum(distance, labels, np.arange(count)), np.float32)
    furthest[~np.isfinite(furthest) | (furthest < 1)] = 1
    return distance / furthest[labels]


def _as_16_bit(values: NDArray[np.floating] | NDArray[np.uint16]) -> NDArray[np.uint16]:
    if values.dtype == np.uint16:
        return values
    scaled = np.clip(values, 0, 1, dtype=np.float32)
    return np.rint(scaled * _FULL, out=scaled).astype(np.uint16)


def _level(share: float) -> int:
    """The 16-bit value above which a map lies above this share of 1."""
    return math.floor(share * _FULL)


def _bands(labels: NDArray[np.int32]) -> Iterator[slice]:
    """Rows, about a megapixel at a time.

    NumPy turns an array that serves as an index into 64 bits: done by bands, that costs megabytes and stays in the
    processor's cache, where the whole image at once would cost gigabytes.
    """
    height, width = labels.shape
    rows = max(1, 2**20 // max(1, width))
    return (slice(top, min(top + rows, height)) for top in range(0, height, rows))


def _seeds(core: NDArray[np.bool_], min_area: int) -> NDArray[np.int32]:
    _, seeds, stats, _ = cv2.connectedComponentsWithStats(core.view(np.uint8), connectivity=4, ltype=cv2.CV_32S)
    keep = stats[:, cv2.CC_STAT_AREA] >= min_area
    keep[0] = False
    _renumber(seeds, keep)
    return seeds


def _flood(
    labels: NDArray[np.int32], mask: NDArray[np.bool_], split: NDArray[np.uint16], distance: NDArray[np.uint16]
) -> None:
    """Grow the seeds in `labels` over the mask, in place; a piece of the mask without a seed becomes one object.

    This is the watershed of the landscape ``split - distance``, which rises from the middle of the objects to the
    split lines. Its first steps need no queue of pixels: what lies at or below level 0 and is connected to one seed
    only is flooded by that seed before any other gets there, and so is a piece of the mask that holds one seed. Only
    the pixels that then remain, about the split lines, are flooded in order, which is what makes decoding fast.
    """
    pixels = _pixel_of_each(labels)
    _claim(labels, mask & ((split <= distance) | (labels > 0)), pixels)
    _claim(labels, mask, pixels, own=True)
    _share(labels, mask & (labels == 0), split, distance)


def _pixel_of_each(labels: NDArray[np.int32]) -> NDArray[np.intp]:
    """Index into the ravelled image of one pixel of each label 1..n."""
    pixels = np.zeros(int(labels.max(initial=0)) + 1, np.intp)
    for band in _bands(labels):
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
    count, pieces = cv2.connectedComponents(within.view(np.uint8), connectivity=4, ltype=cv2.CV_32S)
    home = pieces.ravel()[pixels]
    seeds = np.bincount(home, minlength=count)
    owner = np.zeros(count, np.int32)
    owner[home] = np.arange(1, len(home) + 1)
    owner[seeds > 1] = 0
    if own:
        orphans = np.flatnonzero(seeds[1:] == 0) + 1
        owner[orphans] = np.arange(1, len(orphans) + 1) + len(home)
    for band in _bands(labels):
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
        window = np.s_[
            max(top[group].min() - 1, 0) : bottom[group].max() + 1, max(left[group].min() - 1, 0) : right[group].max() + 1
        ]
        members = block[pieces[window]] == block[group[0]]
        nearby = cv2.dilate(members.view(np.uint8), _CROSS).view(np.bool_)
        around = np.where(nearby, labels[window], 0)
        landscape = split[window].astype(np.float64) - distance[window]
        flooded = watershed(landscape, around, mask=members | (around > 0))
        np.copyto(labels[window], flooded, where=members)


def _fill_holes(labels: NDArray[np.int32], diameter: float | None) -> None:
    """Give a small background piece that lies inside a single object to that object, in place."""
    limit = 0.1 * np.pi / 4 * diameter**2 if diameter else np.inf
    count, pieces, stats, _ = cv2.connectedComponentsWithStats(
        (labels == 0).view(np.uint8), connectivity=4, ltype=cv2.CV_32S
    )
    height, width = labels.shape
    left, top = stats[:, cv2.CC_STAT_LEFT], stats[:, cv2.CC_STAT_TOP]
    enclosed = (
        (left > 0)
        & (top > 0)
        & (left + stats[:, cv2.CC_STAT_WIDTH] < width)
        & (top + stats[:, cv2.CC_STAT_HEIGHT] < height)
        & (stats[:, cv2.CC_STAT_AREA] <= limit)
    )
    enclosed[0] = False
    for piece in np.flatnonzero(enclosed):
        x, y, w, h = stats[piece, :4]
        window = np.s_[y - 1 : y + h + 1, x - 1 : x + w + 1]
        hole = pieces[window] == piece
        rim = cv2.dilate(hole.astype(np.uint8), np.ones((3, 3), np.uint8)).astype(bool) & ~hole
        around = np.unique(labels[window][rim])
        around = around[around > 0]
        if len(around) == 1:
            labels[window][hole] = around[0]


def _drop(
    labels: NDArray[np.int32], foreground: NDArray[np.uint16], min_size: float, min_score: float
) -> Decoded:
    count = int(labels.max(initial=0)) + 1
    area, total = np.zeros(count, np.int64), np.zeros(count)
    for band in _bands(labels):
        flat = labels[band].ravel()
        area += np.bincount(flat, minlength=count)
        total += np.bincount(flat, weights=foreground[band].ravel(), minlength=count)
    score = (total / (np.maximum(area, 1) * _FULL)).astype(np.float32)
    keep = (area >= max(min_size, 1)) & (score >= min_score)
    keep[0] = False
    _renumber(labels, keep)
    return Decoded(labels, score[keep])


def _renumber(labels: NDArray[np.int32], keep: NDArray[np.bool_]) -> None:
    """Number the kept ids 1..n in their order and set the others to 0, in place."""
    new = np.cumsum(keep, dtype=np.int32)
    new[~keep] = 0
    for band in _bands(labels):
        labels[band] = new[labels[band]]
