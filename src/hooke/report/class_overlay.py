"""Draws the outlines of objects on an image in the colours of their classes, with a legend below."""

from __future__ import annotations

from collections.abc import Mapping

import cv2
import numpy as np
from numpy.typing import NDArray

from hooke.image import Image
from hooke.labels.classes import UNKNOWN, Classes
from hooke.report.overlay import overlay, to_rgb
from hooke.report.palette import OUTLINES

_LINE = 26  # pixels: height of the legend for a picture of 1000 pixels


def class_overlay(
    image: Image,
    objects: NDArray[np.generic],
    classes: Classes,
    *,
    channel: int | None = None,
    doubtful: NDArray[np.bool_] | None = None,
    ids: bool = False,
) -> NDArray[np.uint8]:
    """Outline each object, or ring each point, in the colour of its class; unknown ones are dashed, or crossed.

    Parameters
    ----------
    image : Image
    objects : ndarray
        A label image, integers of shape (Y, X); or points, floats of shape (n, 2) as (y, x) in pixels.
    classes : Classes
        Of the objects by increasing label, or of the points.
    channel : int, optional
        Show this channel alone.
    doubtful : ndarray of bool, shape (n,), optional
        Further objects to dash: those whose outline is in doubt.
    ids : bool
        Whether to write the number of each object on it.

    Returns
    -------
    ndarray of uint8, shape (Y + legend, X, 3)
        The legend with the count of each class lies below the image.
    """
    unknown = np.array([name == UNKNOWN for name in classes.labels], np.bool_)
    if objects.dtype.kind == "f":
        picture = _rings(to_rgb(image.pixels, channel), objects, classes.best, unknown)
    else:
        labels = objects.astype(np.int32, copy=False)
        found = np.unique(labels[labels > 0])
        dashed = found[unknown if doubtful is None else unknown | doubtful]
        picture = overlay(image.pixels, labels, channel=channel, dashed=dashed, groups=classes.best, ids=ids)
    return np.concatenate([picture, _legend(picture.shape[1], classes.counts)])


def _rings(
    picture: NDArray[np.uint8], points: NDArray[np.generic], best: NDArray[np.int64], unknown: NDArray[np.bool_]
) -> NDArray[np.uint8]:
    picture = np.ascontiguousarray(picture)
    size = max(3, round(max(picture.shape) / 120))
    for (y, x), best_class, lost in zip(points.tolist(), best, unknown, strict=True):
        colour = OUTLINES[best_class % len(OUTLINES)].tolist()
        at = round(x), round(y)
        if lost:
            cv2.drawMarker(picture, at, colour, cv2.MARKER_TILTED_CROSS, 2 * size, max(1, size // 4))
        else:
            cv2.circle(picture, at, size, colour, max(1, size // 3), cv2.LINE_AA)
    return picture


def _legend(width: int, counts: Mapping[str, int]) -> NDArray[np.uint8]:
    """A strip of colours and names, in as many lines as the width needs."""
    unit = max(0.5, min(2.0, width / 1000))
    line, size = round(_LINE * unit), 0.5 * unit
    entries = [
        (f"{name}: {count}", OUTLINES[place % len(OUTLINES)].tolist() if name != UNKNOWN else (150, 150, 150))
        for place, (name, count) in enumerate(counts.items())
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
