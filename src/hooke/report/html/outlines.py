"""Writes the outlines of objects as the path data of SVG."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
from numpy.typing import NDArray

from hooke.labels.outlines import trace_outlines


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
    return {label: "".join(map(_path, lines)) for label, lines in trace_outlines(labels).items()}


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
