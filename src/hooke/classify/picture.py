"""Picture of the classes: an image and its classified objects in; an RGB picture, a colour per class, out."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from hooke.classify.one import UNKNOWN, Classified
from hooke.image import Image
from hooke.report.overlay import PALETTE, overlay, to_rgb

__all__ = ["class_overlay"]

_LINE = 26  # pixels: height of the legend for a picture of 1000 pixels


def class_overlay(
    image: Image, labels: NDArray[np.int32] | None, found: Classified, *, channel: int | None = None
) -> NDArray[np.uint8]:
    """Outline each object, or ring each point, in the colour of its class; unknown ones are dashed, or crossed.

    Parameters
    ----------
    image : Image
    labels : ndarray of int32, shape (Y, X), optional
        None for points.
    found : Classified
    channel : int, optional
        Show this channel alone.

    Returns
    -------
    ndarray of uint8, shape (Y + legend, X, 3)
        The legend with the count of each class lies below the image.
    """
    names = found.classes.names
    best = found.classes.best
    unknown = np.array([name == UNKNOWN for name in found.names], np.bool_)
    if labels is not None:
        dashed = found.objects.ids[unknown]
        picture = overlay(image.pixels, labels, channel=channel, dashed=dashed, groups=best)
    else:
        picture = _rings(to_rgb(image.pixels, channel), found, best, unknown)
    counts = [found.names.count(name) for name in (*names, UNKNOWN)]
    return np.concatenate([picture, _legend(picture.shape[1], (*names, UNKNOWN), counts)])


def _rings(
    picture: NDArray[np.uint8], found: Classified, best: NDArray[np.int64], unknown: NDArray[np.bool_]
) -> NDArray[np.uint8]:
    picture = np.ascontiguousarray(picture)
    size = max(3, round(max(picture.shape) / 120))
    for (y, x), of, lost in zip(found.objects.centres, best, unknown, strict=True):
        colour = PALETTE[of % len(PALETTE)].tolist()
        at = round(x), round(y)
        if lost:
            cv2.drawMarker(picture, at, colour, cv2.MARKER_TILTED_CROSS, 2 * size, max(1, size // 4))
        else:
            cv2.circle(picture, at, size, colour, max(1, size // 3), cv2.LINE_AA)
    return picture


def _legend(width: int, names: Sequence[str], counts: Sequence[int]) -> NDArray[np.uint8]:
    """A strip of colours and names, in as many lines as the width asks for."""
    unit = max(0.5, min(2.0, width / 1000))
    line, size = round(_LINE * unit), 0.5 * unit
    entries = [
        (f"{name}: {count}", PALETTE[place % len(PALETTE)].tolist() if name != UNKNOWN else (150, 150, 150))
        for place, (name, count) in enumerate(zip(names, counts, strict=True))
        if count or name != UNKNOWN
    ]
    places, x, row = [], 0, 0
    for words, _ in entries:
        needed = cv2.getTextSize(words, cv2.FONT_HERSHEY_SIMPLEX, size, 1)[0][0] + 2 * line
        if x and x + needed > width:
            x, row = 0, row + 1
        places.append((x, row))
        x += needed
    strip = np.full((line * (row + 1), width, 3), 20, np.uint8)
    for (words, colour), (x, row) in zip(entries, places, strict=True):
        top = row * line
        cv2.rectangle(strip, (x + line // 4, top + line // 4), (x + 3 * line // 4, top + 3 * line // 4), colour, -1)
        at = x + line, top + round(0.68 * line)
        cv2.putText(strip, words, at, cv2.FONT_HERSHEY_SIMPLEX, size, (235, 235, 235), 1, cv2.LINE_AA)
    return strip
