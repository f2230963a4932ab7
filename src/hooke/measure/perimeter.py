"""Counts the steps along the border of every object, and gives them a length."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hooke.labels.bands import bands
from hooke.labels.borders import differs_beside
from hooke.labels.runs import places_of

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Steps:
    """The border of each object as a number of steps up or down, sideways, and diagonally."""

    vertical: Floats
    horizontal: Floats
    diagonal: Floats

    def length(self, height: float, width: float) -> Floats:
        """Add the steps up, each with the length that a pixel's height and width give it."""
        steps: Floats = self.vertical * height + self.horizontal * width + self.diagonal * np.hypot(height, width)
        return steps


def _step_table() -> Floats:
    """Tabulate the steps that a border pixel stands for, by its neighbours on the border.

    Indexed [vertical, horizontal, diagonal neighbours] and giving (vertical, horizontal, diagonal) steps. The cases
    are those of Benkrid & Crookes, "Design and FPGA implementation of a perimeter estimator", as in scikit-image.
    """
    straight = {(2, 0), (3, 0), (2, 1), (3, 1), (2, 2), (3, 2)}  # (neighbours up, down, left, right; diagonal ones)
    slanted = {(0, 2), (1, 3)}
    half_half = {(1, 1), (1, 2)}
    table = np.zeros((3, 3, 5, 3))
    for vertical, horizontal, diagonal in np.ndindex(3, 3, 5):
        case = (vertical + horizontal, diagonal)
        along = np.array([vertical, horizontal, 0]) / max(1, vertical + horizontal)
        if case in straight:
            table[vertical, horizontal, diagonal] = along
        elif case in slanted:
            table[vertical, horizontal, diagonal] = (0, 0, 1)
        elif case in half_half:
            table[vertical, horizontal, diagonal] = along / 2 + (0, 0, 0.5)
    return table.reshape(45, 3)


_STEPS = _step_table()


def count_contour_steps(labels: NDArray[np.integer], ids: Ints) -> Steps:
    """Count the steps along the border of every object, each seen as if it were alone in the image."""
    total = np.zeros((3, len(ids)))
    for band in bands(labels):
        part = _with_halo(labels, band)
        inner = part[1:-1, 1:-1]
        border = differs_beside(part) & (inner > 0)
        at = np.flatnonzero(border[1:-1]) + border.shape[1]  # the band without its halo rows
        value, flat = np.ascontiguousarray(inner).ravel(), border.ravel()
        of_label = places_of(value[at], ids)
        cases = _STEPS[_neighbour_case(value, flat, at, border.shape[1])]
        for direction in range(3):
            total[direction] += np.bincount(of_label, weights=cases[:, direction], minlength=len(ids))
    return Steps(*total)


def count_steps_apart(canvas: NDArray[np.bool_], of_row: Ints, objects: int) -> Steps:
    """Count the steps along the border of objects that lie one below the other, each in rows of its own.

    Parameters
    ----------
    canvas : ndarray of bool, shape (Y, X)
        True inside; with an empty row before and after each object, and an empty column on both sides.
    of_row : ndarray of int64, shape (Y,)
        The object of each row.
    objects : int
    """
    inside = canvas[1:-1, 1:-1] & canvas[:-2, 1:-1] & canvas[2:, 1:-1] & canvas[1:-1, :-2] & canvas[1:-1, 2:]
    border = canvas.copy()
    border[1:-1, 1:-1] &= ~inside
    width, at, flat = border.shape[1], np.flatnonzero(border), border.ravel().view(np.uint8)
    vertical = flat[at - width] + flat[at + width]
    horizontal = flat[at - 1] + flat[at + 1]
    diagonal = flat[at - width - 1] + flat[at - width + 1] + flat[at + width - 1] + flat[at + width + 1]
    cases = _STEPS[(vertical * np.uint8(3) + horizontal) * np.uint8(5) + diagonal]
    own = of_row[at // width]
    total = np.zeros((3, objects))
    for direction in range(3):
        total[direction] = np.bincount(own, weights=cases[:, direction], minlength=objects)
    return Steps(*total)


def _with_halo(labels: NDArray[np.integer], band: slice) -> NDArray[np.integer]:
    """Copy a band with two more rows and columns all round, background where the image has ended."""
    top, bottom = max(0, band.start - 2), min(labels.shape[0], band.stop + 2)
    part = np.zeros((band.stop - band.start + 4, labels.shape[1] + 4), labels.dtype)
    offset = top - band.start + 2
    part[offset : offset + bottom - top, 2:-2] = labels[top:bottom]
    return part


def _neighbour_case(value: NDArray[np.integer], border: NDArray[np.bool_], at: Ints, width: int) -> Ints:
    """Return the row of the step table for each border pixel: which neighbours are border of the same object."""
    own = value[at]

    def shared(offset: int) -> Ints:
        near = at + offset
        return np.asarray(border[near] & (value[near] == own), np.int64)

    vertical = shared(-width) + shared(width)
    horizontal = shared(-1) + shared(1)
    diagonal = shared(-width - 1) + shared(-width + 1) + shared(width - 1) + shared(width + 1)
    return np.asarray((vertical * 3 + horizontal) * 5 + diagonal)
