"""Draws a small picture of a finding: an 8-bit RGB thumbnail with outlines."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from hooke.doctor.findings import Box
from hooke.report.overlay import overlay

SIDE = 200  # pixels of a thumbnail
LEAST_VIEW = 64  # pixels of the image that are shown around a small object
MARGIN = 1.0  # of the box's longer side, shown on either side of it
WHITE = (255, 255, 255)
GAP = 4  # pixels between the pictures of a pair

UInt8 = NDArray[np.uint8]


def picture_box(pixels: NDArray[np.generic], labels: NDArray[np.int32] | None, box: Box | None) -> UInt8:
    """Show a box and what is around it, outlined, with white corners at the box; the whole image without a box.

    Parameters
    ----------
    pixels : ndarray, shape (Y, X) or (Y, X, C)
    labels : ndarray of int32, shape (Y, X), or None
        None: no outlines.
    box : Box or None

    Returns
    -------
    ndarray of uint8, shape (up to SIDE, up to SIDE, 3)
    """
    labels = np.zeros(pixels.shape[:2], np.int32) if labels is None else labels
    # Stretched as a whole, so that a dim place looks dim; outlined in the enlarged view, so that lines stay thin.
    whole = overlay(pixels, np.zeros_like(labels))
    view = _view(box, labels.shape)
    rows, columns = slice(view[0], view[2]), slice(view[1], view[3])
    factor = SIDE / max(view[2] - view[0], view[3] - view[1])
    shown, ids = _resized(whole[rows, columns], factor), _resized(labels[rows, columns], factor, nearest=True)
    picture = _outlined(shown, ids)
    if box is not None:
        corners = [round((edge - start) * factor) for edge, start in zip(box, view[:2] * 2, strict=True)]
        _draw_corners(picture, corners)
    return picture


def picture_pair(left: NDArray[np.generic], right: NDArray[np.generic]) -> UInt8:
    """Show two images side by side."""
    pictures = [picture_box(pixels, None, None) for pixels in (left, right)]
    height = max(len(picture) for picture in pictures)
    padded = [np.pad(picture, ((0, height - len(picture)), (0, GAP), (0, 0))) for picture in pictures]
    return np.concatenate(padded, axis=1)[:, :-GAP]


def _view(box: Box | None, shape: tuple[int, ...]) -> Box:
    """Choose the part of the image to show."""
    if box is None:
        return 0, 0, int(shape[0]), int(shape[1])
    side = max(box[2] - box[0], box[3] - box[1])
    side = round(max(LEAST_VIEW, side * (1 + 2 * MARGIN)))
    edges = []
    for start, stop, length in ((box[0], box[2], shape[0]), (box[1], box[3], shape[1])):
        first = max(0, min((start + stop - side) // 2, length - side))
        edges.append((first, min(length, first + side)))
    return edges[0][0], edges[1][0], edges[0][1], edges[1][1]


def _resized(array: NDArray[np.generic], factor: float, *, nearest: bool = False) -> NDArray[np.generic]:
    size = [max(1, round(length * factor)) for length in array.shape[1::-1]]
    how = cv2.INTER_NEAREST if nearest else cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(np.asarray(array, array.dtype), size, interpolation=how))


def _outlined(shown: NDArray[np.generic], ids: NDArray[np.generic]) -> UInt8:
    """Draw outlines on pixels that are stretched already."""
    with_lines = overlay(shown, ids.astype(np.int32))
    plain = overlay(shown, np.zeros(ids.shape, np.int32))
    changed = (with_lines != plain).any(axis=2, keepdims=True)
    return np.where(changed, with_lines, shown.astype(np.uint8))


def _draw_corners(picture: UInt8, box: list[int]) -> None:
    """Mark the corners of a box, which leaves free what is inside."""
    top, left, bottom, right = box
    arm = max(4, min(bottom - top, right - left) // 4)
    for y, dy in ((top - 2, arm), (bottom + 1, -arm)):
        for x, dx in ((left - 2, arm), (right + 1, -arm)):
            cv2.line(picture, (x, y), (x + dx, y), WHITE, 1)
            cv2.line(picture, (x, y), (x, y + dy), WHITE, 1)
