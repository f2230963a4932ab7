"""Makes small normalised thumbnails of images, and finds pairs that look the same."""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

THUMBNAIL = 32  # pixels of either side
ALIKE = 0.93  # correlation of thumbnails from which on the pictures themselves are compared
COMPARED_SIDE = 256  # pixels of the longer side of pictures compared as a whole
BLOCK = 512  # thumbnails compared with all others at a time: bounds memory

Floats = NDArray[np.float32]
Bytes = NDArray[np.uint8]


def make_thumbnail(grey: Bytes) -> Floats:
    """Shrink to THUMBNAIL x THUMBNAIL, mean 0, length 1; all 0 where the picture is flat.

    The slow change across the field is taken off first: uneven light is the same in all images of a microscope.
    """
    small = cv2.resize(grey, (THUMBNAIL, THUMBNAIL), interpolation=cv2.INTER_AREA).astype(np.float32)
    small -= cv2.GaussianBlur(small, (0, 0), THUMBNAIL / 5)
    small -= small.mean()
    return np.asarray(small / max(float(np.linalg.norm(small)), 1.0), np.float32)


def turned(picture: NDArray[np.generic], turn: int) -> NDArray[np.generic]:
    """Turn a picture by ``turn % 4`` quarters, after mirroring it left to right where ``turn`` is 4 or more."""
    return np.rot90(picture[:, ::-1] if turn >= 4 else picture, turn % 4)


def alike_thumbnails(thumbnails: Floats) -> Iterator[tuple[int, int, int]]:
    """List pairs of thumbnails that correlate, in the turn of the second in which they do best.

    Parameters
    ----------
    thumbnails : ndarray of float32, shape (n, THUMBNAIL, THUMBNAIL)

    Yields
    ------
    (int, int, int)
        The first, the second, and the turn, as in `turned`.
    """
    count = len(thumbnails)
    if not count:
        return
    turns = np.stack([np.stack([turned(picture, turn) for picture in thumbnails]) for turn in range(8)])
    flat = turns.reshape(8, count, -1)
    for start in range(0, count, BLOCK):
        rows = flat[0, start : start + BLOCK]
        alike = np.stack([rows @ flat[turn].T for turn in range(8)])
        best = alike.max(axis=0)
        for row, column in np.argwhere(best > ALIKE):
            if start + row < column:
                yield int(start + row), int(column), int(alike[:, row, column].argmax())


def correlate_whole(first: Bytes, second: Bytes, turn: int) -> float:
    """Correlate two pictures as wholes, the second turned and resized to the first, at most COMPARED_SIDE large."""
    factor = min(1.0, COMPARED_SIDE / max(first.shape))
    size = (max(2, round(first.shape[1] * factor)), max(2, round(first.shape[0] * factor)))
    other = np.ascontiguousarray(turned(second, turn))
    pictures = (cv2.resize(picture, size, interpolation=cv2.INTER_AREA) for picture in (first, other))
    a, b = (picture.astype(np.float64).ravel() - picture.mean() for picture in pictures)
    lengths = float(np.linalg.norm(a) * np.linalg.norm(b))
    return float(a @ b) / lengths if lengths > 0 else 0.0
