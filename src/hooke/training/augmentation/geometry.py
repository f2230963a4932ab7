"""Samples the pixels of a randomly placed, rotated and bent crop from an image or its labels.

A crop is one affine warp straight from the image (rotation, flip, zoom, shear), so that its cost depends on the crop
and not on the image; an optional elastic bend is part of the same single interpolation.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from hooke.preprocess import in_chunks_of_four_channels

_MAX_BEND = 0.2  # of the spacing of the field's points: neighbours then differ by too little for the plane to fold


def affine_at(
    x: float, y: float, image_shape: tuple[int, int], crop: int, zoom: float, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Draw the way from an image into a crop that is centred near a point.

    Parameters
    ----------
    x, y : float
        The point, pixels of the image. The crop is moved from it so as to lie inside the image as far as it fits.
    image_shape : (int, int)
        Height and width.
    crop : int
        Side of the crop, pixels.
    zoom : float
        Crop pixels per image pixel.
    rng : Generator

    Returns
    -------
    ndarray of float64, shape (2, 3)
        From image pixels (x, y) to crop pixels: rotated, flipped, stretched and sheared at random.
    """
    height, width = image_shape
    # Keep the crop inside the image as far as it fits: less of it is then made up by reflection.
    half = crop / zoom / 2
    y = np.clip(y, min(half, height / 2), max(height - half, height / 2))
    x = np.clip(x, min(half, width / 2), max(width - half, width / 2))
    angle = rng.uniform(0, 2 * np.pi) if rng.random() < 0.7 else rng.integers(4) * np.pi / 2
    stretch = np.exp(rng.uniform(-0.12, 0.12))
    shear = rng.uniform(-0.12, 0.12)
    flip = rng.choice([-1.0, 1.0])
    rotate = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    linear = zoom * rotate @ np.array([[stretch * flip, shear], [0.0, 1 / stretch]])
    offset = np.array([crop / 2, crop / 2]) - linear @ np.array([x, y])
    return np.column_stack([linear, offset])


def bend_field(crop: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """Draw a smooth elastic deformation (after Ronneberger et al. 2015, section 3.1: bicubic between a few points).

    Returns
    -------
    ndarray of float32, shape (crop, crop, 2)
        Displacement (x, y) in pixels: the crop's pixel `p` shows what would lie at `p + field[p]` without it. The
        field never folds the plane.
    """
    points = int(rng.integers(4, 9))
    reach = float(rng.uniform(0.25, 1.0)) * _MAX_BEND * crop / (points - 1)
    moves = rng.uniform(-reach, reach, (points, points, 2)).astype(np.float32)
    return np.asarray(cv2.resize(moves, (crop, crop), interpolation=cv2.INTER_CUBIC))


def area_factors(labels: NDArray[np.int32], bend: NDArray[np.float32], count: int) -> NDArray[np.float32]:
    """How much larger in area a bend has made each object.

    Parameters
    ----------
    labels : ndarray of int32, shape (Y, X)
        After the bend.
    bend : ndarray of float32, shape (Y, X, 2)
    count : int
        Largest id, plus 1.

    Returns
    -------
    ndarray of float32, shape (count,)
        1 for objects that are not in the crop.
    """
    along_y, along_x = (np.asarray(one) for one in np.gradient(bend, axis=(0, 1)))
    determinant = (1 + along_x[..., 0]) * (1 + along_y[..., 1]) - along_x[..., 1] * along_y[..., 0]
    ids = labels.ravel()
    after = np.bincount(ids, minlength=count)
    before = np.bincount(ids, determinant.ravel(), minlength=count)
    return np.where(after > 0, after / np.maximum(before, 1e-6), 1).astype(np.float32)


def warp_image(
    image: NDArray[np.floating],
    matrix: NDArray[np.float64],
    zoom: float,
    crop: int,
    bend: NDArray[np.float32] | None = None,
) -> NDArray[np.float32]:
    """Bring an image into a crop; when shrinking, average pixels first so that fine texture does not alias.

    Parameters
    ----------
    image : ndarray of float, shape (Y, X) or (Y, X, C)
    matrix : ndarray of float64, shape (2, 3)
        Of `affine_at`.
    zoom : float
        As given there.
    crop : int
    bend : ndarray of float32, shape (crop, crop, 2), optional
        Of `bend_field`.

    Returns
    -------
    ndarray of float32, shape (crop, crop) or (crop, crop, C)
    """
    image = image.astype(np.float32)
    if zoom < 0.7:
        factor = zoom / 0.9
        height, width = image.shape[:2]
        small = (max(8, round(width * factor)), max(8, round(height * factor)))
        image = in_chunks_of_four_channels(image, lambda part: cv2.resize(part, small, interpolation=cv2.INTER_AREA))
        ratio = np.array([width / small[0], height / small[1]])
        # Pixel centres of the shrunken image lie at (i + 0.5) * ratio - 0.5 in the original.
        linear = matrix[:, :2] * ratio
        matrix = np.column_stack([linear, matrix[:, 2] + matrix[:, :2] @ ((ratio - 1) / 2)])
    return in_chunks_of_four_channels(image, lambda part: _warp(part, matrix, crop, bend, cv2.INTER_LINEAR))


def warp_labels(
    labels: NDArray[np.int32], matrix: NDArray[np.float64], crop: int, bend: NDArray[np.float32] | None = None
) -> NDArray[np.int32]:
    """Bring a label image into the same crop: the id at the nearest pixel, never one between two."""
    # As floats, which OpenCV can warp and which are exact up to 2**24 ids.
    return _warp(labels.astype(np.float32), matrix, crop, bend, cv2.INTER_NEAREST).astype(np.int32)


def _warp(
    pixels: NDArray[np.float32],
    matrix: NDArray[np.float64],
    crop: int,
    bend: NDArray[np.float32] | None,
    interpolation: int,
) -> NDArray[np.float32]:
    border = cv2.BORDER_REFLECT_101
    if bend is None:
        return np.asarray(
            cv2.warpAffine(pixels, matrix, (crop, crop), flags=interpolation, borderMode=border), np.float32
        )
    row = np.arange(crop, dtype=np.float32)
    # Where each pixel of the crop comes from: through the bend, then back through the affine map.
    x, y = bend[..., 0] + row, bend[..., 1] + row[:, None]
    back = np.asarray(cv2.invertAffineTransform(matrix), np.float32)
    from_x, from_y = (one[0] * x + one[1] * y + one[2] for one in back)
    return np.asarray(cv2.remap(pixels, from_x, from_y, interpolation, borderMode=border), np.float32)
