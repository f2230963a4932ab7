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

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import ndimage
from skimage.segmentation import watershed

__all__ = ["MAPS", "Decoded", "SplitLine", "equivalent_diameters"]

MAPS = ("foreground", "split", "distance", "diameter")

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
        self, maps: NDArray[np.floating], *, min_size: float = 0.0, diameter: float | None = None
    ) -> Decoded:
        """Maps to instances.

        Parameters
        ----------
        maps : ndarray of float, shape (3 or 4, Y, X)
            Foreground and split probability (0..1) and normalised distance; further maps are not looked at.
        min_size : float
            Instances of fewer pixels are dropped.
        diameter : float, optional
            Typical diameter in pixels; holes smaller than such an object's tenth are filled.

        Returns
        -------
        Decoded
        """
        foreground, split, distance = maps[0], maps[1], maps[2]
        mask = foreground > self.foreground
        core = (foreground - split > self.seed) & (distance > self.seed_distance) & mask
        seeds = _seeds(core, self.min_seed_area)
        labels = _flood(mask, seeds, split, distance)
        labels = _fill_holes(labels, diameter)
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
    cross = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))
    inner = (cv2.erode(ids, cross) == ids) & (cv2.dilate(ids, cross) == ids) & (ids > 0)
    distance = cv2.distanceTransform(inner.astype(np.uint8), cv2.DIST_L2, 5)
    if not (ids == 0).any() and inner.all():  # one object fills the frame: no edge in sight
        distance = np.ones_like(distance)
    distance = np.where(ids > 0, distance + 1, 0).astype(np.float32)
    furthest = np.asarray(ndimage.maximum(distance, labels, np.arange(count)), np.float32)
    furthest[~np.isfinite(furthest) | (furthest < 1)] = 1
    return distance / furthest[labels]


def _seeds(core: NDArray[np.bool_], min_area: int) -> NDArray[np.int32]:
    count, seeds, stats, _ = cv2.connectedComponentsWithStats(core.astype(np.uint8), connectivity=4, ltype=cv2.CV_32S)
    keep = stats[:, cv2.CC_STAT_AREA] >= min_area
    keep[0] = False
    return _renumber(seeds, keep)[0]


def _flood(
    mask: NDArray[np.bool_],
    seeds: NDArray[np.int32],
    split: NDArray[np.floating],
    distance: NDArray[np.floating],
) -> NDArray[np.int32]:
    """Give every mask pixel to a seed of its own connected piece; a piece without a seed is one object.

    Most pieces hold one seed and need no watershed: only the others are flooded, which is what makes decoding fast.
    """
    count, pieces = cv2.connectedComponents(mask.astype(np.uint8), connectivity=4, ltype=cv2.CV_32S)
    where = seeds > 0
    pairs = np.unique(pieces[where].astype(np.int64) << 32 | seeds[where])
    owners = (pairs >> 32).astype(np.int64)
    per_piece = np.bincount(owners, minlength=count)
    crowded = per_piece > 1
    # Pieces with one seed or none take a number of their own, after those of the seeds.
    own = np.arange(count, dtype=np.int32) + int(seeds.max(initial=0))
    own[0] = 0
    own[crowded] = 0
    labels = own[pieces]
    if crowded.any():
        area = crowded[pieces]
        # Flood from the middle of the objects towards the split lines.
        landscape = np.asarray(split, np.float32) - np.asarray(distance, np.float32)
        flooded = watershed(landscape, np.where(area, seeds, 0), mask=area)
        labels = np.where(area, flooded, labels)
    return labels.astype(np.int32, copy=False)


def _fill_holes(labels: NDArray[np.int32], diameter: float | None) -> NDArray[np.int32]:
    """Give a small background piece that lies inside a single object to that object."""
    limit = 0.1 * np.pi / 4 * diameter**2 if diameter else np.inf
    count, pieces, stats, _ = cv2.connectedComponentsWithStats(
        (labels == 0).astype(np.uint8), connectivity=4, ltype=cv2.CV_32S
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
    return labels


def _drop(
    labels: NDArray[np.int32], foreground: NDArray[np.floating], min_size: float, min_score: float
) -> Decoded:
    flat = labels.ravel()
    area = np.bincount(flat, minlength=1)
    total = np.bincount(flat, weights=foreground.ravel(), minlength=len(area))
    score = (total / np.maximum(area, 1)).astype(np.float32)
    keep = (area >= max(min_size, 1)) & (score >= min_score)
    keep[0] = False
    labels, kept = _renumber(labels, keep)
    return Decoded(labels, score[kept])


def _renumber(labels: NDArray[np.int32], keep: NDArray[np.bool_]) -> tuple[NDArray[np.int32], NDArray[np.intp]]:
    """Number the kept ids 1..n and set the others to 0; also the old ids in their new order."""
    kept = np.flatnonzero(keep)
    new = np.zeros(len(keep), np.int32)
    new[kept] = np.arange(1, len(kept) + 1, dtype=np.int32)
    return new[labels], kept
