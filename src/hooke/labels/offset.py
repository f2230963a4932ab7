"""Grows and shrinks the objects of a label image by a distance, fractions of a pixel included, without merging any.

The outline of an object is where the signed distance to it is 0: negative inside, positive outside. Distances from
pixel to pixel are steps of a staircase; smoothed over a pixel they follow the outline that the staircase stands for, so
that an offset of a quarter of a pixel moves a quarter of a round object's border by one pixel.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from hooke.labels.expansion import expand_labels

#: Largest offset, pixels.
LARGEST = 500.0

# Pixels: radii of disks of 5 to 20 pixels then grow by what was asked for, within a quarter of a pixel.
_SMOOTHING = 1.0
_SLACK = 2.0  # pixels: smoothing moves no outline by more
_SUPPORT = 6  # pixels: further away nothing has part in a smoothed distance
_NEAR = 15  # pixels: squared distances up to this have 8 bits
_STEPS = np.float32(1024)  # to a pixel: distances are rounded to these
_LEAST = 1 / _STEPS  # pixels: where smoothing has moved a pixel over the outline, it stays on its side
_LINE = np.ones((1, 3), np.uint8)
_CROSS = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))


@dataclass(frozen=True, eq=False)
class OffsetField:
    """How far each pixel of a label image lies from the outline of the nearest object: made once, cut at many offsets.

    Parameters
    ----------
    labels : ndarray of int32, shape (Y, X)
    distance : ndarray of float32, shape (Y, X)
        Pixels, negative inside of objects.
    reach : float
        Pixels; a distance beyond is only known to be larger.
    """

    labels: NDArray[np.int32]
    distance: NDArray[np.float32]
    reach: float = LARGEST

    @classmethod
    def of(cls, labels: NDArray[np.int32], reach: float = LARGEST) -> OffsetField:
        """Measure the distances of a label image (Y, X), 0 background, up to a reach."""
        inside = labels > 0
        steps = math.ceil(reach) + _SUPPORT
        outer, depth = _distances(~inside, steps), _distances(inside, steps)
        if _any_touch(labels, inside):
            # The border between objects that touch is an edge of both.
            ids = labels.astype(np.float32)
            inner = (cv2.erode(ids, _CROSS) == ids) & (cv2.dilate(ids, _CROSS) == ids) & inside
            np.minimum(depth, _distances(inner, steps) + 1, out=depth)
        smooth = cv2.GaussianBlur(np.where(inside, 0.5 - depth, outer - 0.5), (0, 0), _SMOOTHING)
        # Along a straight edge all pixels have one distance, except for rounding that depends on their place.
        distance = np.rint(smooth * _STEPS) / _STEPS
        distance = np.where(inside, np.minimum(distance, -_LEAST), np.maximum(distance, _LEAST))
        return cls(labels, distance, reach)

    def cut(self, pixels: float) -> NDArray[np.int32]:
        """Give the objects grown, or shrunk where `pixels` is negative, by the reach at most; see `offset_outlines`."""
        assert abs(pixels) <= self.reach, f"{pixels} is beyond the reach of {self.reach}"
        if pixels == 0 or not self.labels.any():
            return self.labels.copy()
        return self._grown(pixels) if pixels > 0 else self._shrunk(pixels)

    def _grown(self, pixels: float) -> NDArray[np.int32]:
        new = (self.labels == 0) & (self.distance <= pixels)
        if not new.any():
            return self.labels.copy()
        return np.where(new, expand_labels(self.labels, pixels + _SLACK), self.labels)

    def _shrunk(self, pixels: float) -> NDArray[np.int32]:
        labels, distance = self.labels, self.distance
        deepest = np.zeros(int(labels.max()) + 1, np.float32)
        np.minimum.at(deepest, labels.ravel(), distance.ravel())
        # The deepest pixels stay, so that no object is lost.
        keep = (labels > 0) & (distance <= np.maximum(pixels, deepest)[labels])
        return _largest_pieces(np.where(keep, labels, 0))


def offset_outlines(labels: NDArray[np.int32], pixels: float) -> NDArray[np.int32]:
    """Move the outline of every object outwards, or inwards where `pixels` is negative.

    Objects grow over background only, each pixel to the nearest of them, and never into one another. None is lost: of
    an object that would vanish, its innermost pixels stay; of one that would fall apart, its largest piece.

    Parameters
    ----------
    labels : ndarray of int32, shape (Y, X)
        0 background.
    pixels : float
        Fractions count: on the average of the outline, it moves by about this.

    Returns
    -------
    ndarray of int32, shape (Y, X)
        The same ids.

    Examples
    --------
    >>> labels = np.zeros((20, 20), np.int32)
    >>> labels[5:15, 5:15] = 4
    >>> [int((offset_outlines(labels, pixels) > 0).sum()) for pixels in (-2, 0, 2)]
    [32, 100, 192]
    """
    return OffsetField.of(labels, abs(pixels)).cut(pixels)


def _any_touch(labels: NDArray[np.int32], inside: NDArray[np.bool_]) -> bool:
    """Whether any two objects share a side of a pixel."""
    below = (labels[1:] != labels[:-1]) & inside[1:] & inside[:-1]
    return bool(below.any() or ((labels[:, 1:] != labels[:, :-1]) & inside[:, 1:] & inside[:, :-1]).any())


def _distances(mask: NDArray[np.bool_], reach: int) -> NDArray[np.float32]:
    """Distance of each pixel of a mask to the nearest one outside of it; pixels, more than the reach where it is."""
    if reach <= _NEAR:
        return np.sqrt(_near_squares(mask, reach).astype(np.float32))
    distance = np.asarray(cv2.distanceTransform(mask.view(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE), np.float32)
    np.minimum(distance, LARGEST + _SUPPORT, out=distance)
    # Their squares are whole numbers, which OpenCV misses by a last bit that depends on where the result is stored.
    np.square(distance, out=distance)
    np.rint(distance, out=distance)
    return np.asarray(np.sqrt(distance, out=distance))


def _near_squares(mask: NDArray[np.bool_], reach: int) -> NDArray[np.uint8]:
    """Squared distance of each pixel of a mask to the nearest one outside of it, more than the reach's where it is.

    Along rows, then along columns (Saito and Toriwaki 1994), in 8 bits: faster than distances of any size.
    """
    along = left = np.asarray(mask.view(np.uint8))
    for _ in range(reach):
        left = np.asarray(cv2.erode(left, _LINE), np.uint8)
        along = along + left
    table = np.array([min(step**2, 255) for step in range(256)], np.uint8)
    squares = np.asarray(cv2.LUT(along, table), np.uint8)
    squares[along > reach] = 255
    nearest, moved = squares.copy(), np.empty_like(squares)
    for step in range(1, min(reach, len(mask) - 1) + 1):
        np.minimum(squares, 255 - step**2, out=moved)
        moved += np.uint8(step**2)
        np.minimum(nearest[step:], moved[:-step], out=nearest[step:])
        np.minimum(nearest[:-step], moved[step:], out=nearest[:-step])
    return nearest


def _largest_pieces(labels: NDArray[np.int32]) -> NDArray[np.int32]:
    """Keep the largest connected piece of each object."""
    inside = labels > 0
    _, pieces = cv2.connectedComponents(inside.view(np.uint8), connectivity=8)
    # A piece of the mask may hold several objects that touch.
    key = pieces[inside].astype(np.int64) * (int(labels.max()) + 1) + labels[inside]
    parts, part, area = np.unique(key, return_inverse=True, return_counts=True)
    ids = parts % (int(labels.max()) + 1)
    order = np.lexsort((parts, -area, ids))
    first = np.ones(len(order), np.bool_)
    first[1:] = ids[order][1:] != ids[order][:-1]
    keep = np.zeros(len(parts), np.bool_)
    keep[order[first]] = True
    result = np.zeros_like(labels)
    result[inside] = np.where(keep[part], labels[inside], 0)
    return result
