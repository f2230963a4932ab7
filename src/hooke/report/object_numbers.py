"""Writes the number of every object on a picture."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from hooke.labels import find_objects

_FONT = cv2.FONT_HERSHEY_SIMPLEX
_HEIGHT = 21  # pixels of a digit of this font at scale 1
_READABLE = 9  # pixels of the smallest digit that is read on a screen
_LARGEST, _SIDE = 4, 8192  # times that a picture is enlarged, and pixels that it may then have along a side
_EDGE = 0.85  # share of the light that the edge of a number takes
_SHARE = 0.8  # of an object's width that a number fills


def write_ids(picture: NDArray[np.uint8], labels: NDArray[np.integer]) -> NDArray[np.uint8]:
    """Write the number of every object at its centre: white on a dark edge, which is read on every stain.

    Parameters
    ----------
    picture : ndarray of uint8, shape (Y, X, 3)
    labels : ndarray of integer, shape (Y, X)

    Returns
    -------
    ndarray of uint8, shape (n Y, n X, 3)
        Enlarged n times, 1 to 4, so that the numbers of most objects are read and fit into them.
    """
    objects = find_objects(labels)
    if not len(objects.ids):
        return picture
    texts = [str(label) for label in objects.ids.tolist()]
    widths = np.array([cv2.getTextSize(text, _FONT, 1.0, 1)[0][0] for text in texts])
    sides = np.sqrt(objects.areas)
    wanted = _READABLE / (_HEIGHT * np.minimum(_SHARE * sides / widths, sides / (2 * _HEIGHT)))
    times = int(np.clip(np.ceil(np.median(wanted)), 1, max(1, min(_LARGEST, _SIDE // max(labels.shape)))))
    if times > 1:
        picture = np.repeat(np.repeat(picture, times, axis=0), times, axis=1)
    scale = float(np.median(np.minimum(_SHARE * times * sides / widths, times * sides / (2 * _HEIGHT))))
    scale = float(np.clip(scale, _READABLE / _HEIGHT, 4.0))
    down, across = picture.shape[:2]
    ink = np.zeros((down, across), np.uint8)
    for text, width, (y, x) in zip(texts, widths, objects.centroids * times + (times - 1) / 2, strict=True):
        left, top = x - width * scale / 2, y - _HEIGHT * scale / 2
        left = max(1.0, min(left, across - width * scale - 1))  # whole also where the object is cut by the edge
        top = max(1.0, min(top, down - _HEIGHT * scale - 1))
        at = round(left), round(top + _HEIGHT * scale)
        cv2.putText(ink, text, at, _FONT, scale, 255, max(1, round(2 * scale)), cv2.LINE_AA)
    # Versions of OpenCV draw a thick text in their own ways: the dark edge is made from the thin one.
    edge = cv2.dilate(ink, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * max(1, round(2 * scale)) + 1,) * 2))
    at_edge = np.nonzero(edge)
    share = (ink[at_edge] / 255)[:, None]
    dark = picture[at_edge] * (1 - _EDGE * (edge[at_edge] / 255)[:, None])
    picture[at_edge] = (255 * share + dark * (1 - share)).astype(np.uint8)
    return picture
