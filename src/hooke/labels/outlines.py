"""Traces the outlines of the objects of a label image."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from hooke.labels.objects import find_objects

_TOLERANCE = 0.6  # pixels that a line may leave the rim of an object by, to have fewer corners


def trace_outlines(labels: NDArray[np.integer]) -> dict[int, list[NDArray[np.integer]]]:
    """Trace the rim of every object.

    Parameters
    ----------
    labels : ndarray of integer, shape (Y, X)
        0 is background.

    Returns
    -------
    dict of int to list of ndarray of integer, shape (N, 2)
        For each label the corners (x, y) of a closed line per piece, through the middle of the object's outermost
        pixels, so that the lines of two objects that touch lie side by side. Holes are not traced.
    """
    objects = find_objects(labels)
    outlines = {}
    for label, (top, left, bottom, right) in zip(objects.ids.tolist(), objects.boxes.tolist(), strict=True):
        mask = (labels[top:bottom, left:right] == label).astype(np.uint8)
        contours, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
        outlines[label] = [cv2.approxPolyDP(line, _TOLERANCE, True)[:, 0] + (left, top) for line in contours]
    return outlines
