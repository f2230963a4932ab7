"""Converts label images to vector outlines: SVG path data, one piece per object."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import cv2
import numpy as np
from numpy.typing import NDArray

from hooke.labels.objects import find_objects

__all__ = ["joined", "outline_objects"]

_TOLERANCE = 0.6  # pixels that a line may leave the rim of an object by, to have fewer corners


def outline_objects(labels: NDArray[np.integer]) -> dict[int, str]:
    """Trace the rim of every object.

    Parameters
    ----------
    labels : ndarray of integer, shape (Y, X)
        0 is background.

    Returns
    -------
    dict of int to str
        Path data by label; a closed line through the middle of the object's outermost pixels, so that the lines of two
        objects that touch lie side by side. The pixel in row y and column x covers x..x + 1 and y..y + 1.
    """
    objects = find_objects(labels)
    paths = {}
    for label, (top, left, bottom, right) in zip(objects.ids.tolist(), objects.boxes.tolist(), strict=True):
        mask = (labels[top:bottom, left:right] == label).astype(np.uint8)
        contours, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
        paths[label] = "".join(_path(cv2.approxPolyDP(one, _TOLERANCE, True)[:, 0] + (left, top)) for one in contours)
    return paths


def joined(paths: Mapping[int, str], labels: Iterable[int]) -> str:
    """Put the outlines of some objects into one path."""
    return "".join(paths[label] for label in labels if label in paths)


def _path(points: NDArray[np.integer]) -> str:
    """Write a closed line by its corners (x, y), each relative to the one before."""
    if len(points) == 1:
        x, y = points[0].tolist()
        return f"M{x}.2 {y}.5h.6z"  # one pixel: a line of no length would not be seen
    (x, y), steps = points[0].tolist(), np.diff(points, axis=0).tolist()
    return f"M{x}.5 {y}.5l" + " ".join(f"{dx} {dy}" for dx, dy in steps) + "z"
