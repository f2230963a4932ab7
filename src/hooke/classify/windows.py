"""Cuts a window of fixed size around each object of a normalised image.

A window that reaches over the image's edge is filled by reflection, its mask by 0. An object whose bounding box is
larger than the window is shrunk until it fits, and reported.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from hooke.labels.objects import find_objects

_MARGIN = 0.96  # of the window's side: what a shrunk object fills, so that its edge is seen


@dataclass(frozen=True)
class Positions:
    """Positions and sizes of objects.

    Parameters
    ----------
    ids : ndarray of int64, shape (n,)
        Labels; for points their number, from 1.
    centres : ndarray of float64, shape (n, 2)
        (y, x) in pixels: centroids, or the points.
    extents : ndarray of float64, shape (n,)
        Longer side of the bounding box, pixels; 0 for points.
    """

    ids: NDArray[np.int64]
    centres: NDArray[np.float64]
    extents: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.ids)

    def select(self, which: slice | NDArray[np.bool_]) -> Positions:
        """Some of them, by slice or mask."""
        return Positions(self.ids[which], self.centres[which], self.extents[which])

    def scaled(self, scale: float) -> Positions:
        """Their positions and sizes in the image enlarged by a factor."""
        # Pixel centres at whole numbers: the first pixel's middle moves, too.
        return Positions(self.ids, (self.centres + 0.5) * scale - 0.5, self.extents * scale)

    def oversized(self, window: int) -> NDArray[np.bool_]:
        """Which of them are larger than a window. Shape (n,)."""
        return self.extents > window


def locate(labels: NDArray[np.integer]) -> Positions:
    """Find centroid and extent of every object of a label image, by increasing id.

    Examples
    --------
    >>> found = locate(np.array([[0, 5, 5], [0, 5, 5]]))
    >>> found.ids.tolist(), found.centres.tolist(), found.extents.tolist()
    ([5], [[0.5, 1.5]], [2.0])
    """
    found = find_objects(labels)
    top, left, bottom, right = found.boxes.T
    return Positions(found.ids, found.centroids, np.maximum(bottom - top, right - left).astype(np.float64))


def rescale(
    pixels: NDArray[np.float32], labels: NDArray[np.int32] | None, scale: float
) -> tuple[NDArray[np.float32], NDArray[np.int32] | None]:
    """Bring an image, and its labels, to a classifier's scale."""
    if scale == 1:
        return pixels, labels
    size = tuple(max(1, round(side * scale)) for side in pixels.shape[1::-1])
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    small = None
    if labels is not None:
        # As they are: floats of 32 bits would make one of two ids above 2**24. INTER_NEAREST takes the pixel under the
        # upper left corner, not the centre, of each new pixel.
        small = np.asarray(cv2.resize(labels, size, interpolation=cv2.INTER_NEAREST_EXACT), np.int32)
    return np.asarray(cv2.resize(pixels, size, interpolation=way), np.float32), small


def window_matrix(centre: NDArray[np.float64], extent: float, window: int) -> NDArray[np.float64]:
    """Matrix from the image's pixels (x, y) to a window's: a shift, and a smaller scale for objects that are too large.

    Parameters
    ----------
    centre : ndarray of float64, shape (2,)
        (y, x) of the object.
    extent : float
        Longer side of its bounding box.
    window : int
        Side of the window, pixels.

    Returns
    -------
    ndarray of float64, shape (2, 3)
    """
    zoom = min(1.0, _MARGIN * window / extent) if extent > window else 1.0
    y, x = centre
    middle = (window - 1) / 2
    # Whole pixels where nothing is shrunk: the cut-out then holds the very pixels of the image.
    shift = np.rint([middle - x, middle - y]) if zoom == 1 else np.array([middle - zoom * x, middle - zoom * y])
    return np.array([[zoom, 0.0, shift[0]], [0.0, zoom, shift[1]]])


def cut_window(
    pixels: NDArray[np.float32],
    mask: NDArray[np.bool_] | None,
    matrix: NDArray[np.float64],
    window: int,
) -> NDArray[np.float32]:
    """Cut one window.

    Parameters
    ----------
    pixels : ndarray of float32, shape (Y, X, C)
    mask : ndarray of bool, shape (Y, X), optional
        Of the object; becomes the last channel.
    matrix : ndarray of float64, shape (2, 3)
        From pixels (x, y) of the image to those of the window.
    window : int

    Returns
    -------
    ndarray of float32, shape (C or C + 1, window, window)
    """
    size = (window, window)
    cut = cv2.warpAffine(pixels, matrix, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101)
    parts = [cut.reshape(window, window, -1)]
    if mask is not None:
        own = cv2.warpAffine(mask.astype(np.float32), matrix, size, flags=cv2.INTER_NEAREST)
        parts.append(own[..., None])
    return np.ascontiguousarray(np.concatenate(parts, axis=2).transpose(2, 0, 1), np.float32)


def cut_windows(
    pixels: NDArray[np.float32], labels: NDArray[np.int32] | None, objects: Positions, window: int
) -> NDArray[np.float32]:
    """Cut a window around each object.

    Parameters
    ----------
    pixels : ndarray of float32, shape (Y, X, C)
        At the classifier's scale.
    labels : ndarray of int32, shape (Y, X), optional
        Where given, the object's mask is the last channel.
    objects : Positions
        At the same scale.
    window : int

    Returns
    -------
    ndarray of float32, shape (n, C or C + 1, window, window)
    """
    channels = pixels.shape[2] + (labels is not None)
    cuts = np.zeros((len(objects), channels, window, window), np.float32)
    for number, (id_, centre, extent) in enumerate(zip(objects.ids, objects.centres, objects.extents, strict=True)):
        mask = None if labels is None else labels == id_
        cuts[number] = cut_window(pixels, mask, window_matrix(centre, extent, window), window)
    return cuts
