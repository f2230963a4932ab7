"""Finds the stack, channels and plane of a stored array from its axis letters and shape.

Letters are those of OME and tifffile: Y and X the plane, C channels (stains), S samples (red, green, blue, alpha),
Z depth, T time, P position, I an axis of unknown meaning; any other letter is one more stack axis.

What is decided where a file says nothing:

- an unknown leading axis (pages of a plain TIFF) is a stack ``I``, plane by plane, at any length. Three pages
  may be three stains or three depths; a guess by number would treat a stack of 4 and one of 5 unlike. ``axes="CYX"``
  makes channels of them;
- two unknown axes or more are an error that names ``axes`` as remedy.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hooke.errors import ImageReadError

_CHANNELS = "CS"
_NOT_STACK = "YXCS"
_SMALLEST_SIDE = 2


@dataclass(frozen=True)
class Layout:
    """Axes of a stored array, axes of length 1 other than Y and X left out.

    Parameters
    ----------
    axes : str
        One letter per dimension, in stored order.
    shape : tuple of int
        Length of each.
    """

    axes: str
    shape: tuple[int, ...]

    @property
    def stack_axes(self) -> str:
        """Letters of the axes along which planes follow each other, in stored order."""
        return "".join(axis for axis in self.axes if axis not in _NOT_STACK)

    @property
    def stack_shape(self) -> tuple[int, ...]:
        """Lengths of the stack axes."""
        return tuple(self.length(axis) for axis in self.stack_axes)

    @property
    def channels(self) -> int:
        """Channels times samples in a plane."""
        return math.prod(self.length(axis) for axis in _CHANNELS)

    @property
    def plane_shape(self) -> tuple[int, ...]:
        """Shape of a plane: (Y, X), or (Y, X, C) for two channels or more."""
        plane = (self.length("Y"), self.length("X"))
        return plane if self.channels == 1 else (*plane, self.channels)

    def length(self, axis: str) -> int:
        """Length along an axis; 1 where there is no such axis."""
        return self.shape[self.axes.index(axis)] if axis in self.axes else 1


def stored_layout(axes: str, shape: Sequence[int], path: Path | None) -> Layout:
    """Layout of an array by the axes that its file states.

    Parameters
    ----------
    axes : str
        tifffile's letters; ``Q`` and ``I`` mean unknown.
    shape : sequence of int
        Length of each.
    path : Path, optional
        Named in errors.

    Raises
    ------
    ImageReadError
        If two axes or more are unknown, Y or X is missing, or a side is too short to segment.
    """
    layout = _squeeze(axes.upper(), shape)
    if len(layout.shape) > len(set(layout.axes.replace("Q", "I"))) or not {"Y", "X"} <= set(layout.axes):
        raise ImageReadError(
            f"its {len(layout.shape)} dimensions {tuple(layout.shape)} have no known meaning",
            path=path,
            remedy='name them with axes (--axes on the command line), for example "TZYX" or "ZCYX"',
        )
    return _checked(Layout(layout.axes.replace("Q", "I"), layout.shape), path)


def given_layout(given: str, shapes: Sequence[Sequence[int]], path: Path | None) -> Layout:
    """Layout of an array by the axes that the user states.

    Parameters
    ----------
    given : str
        One letter per dimension, such as ``"TCYX"``; upper or lower case.
    shapes : sequence of shapes
        The array's shape, and other ways to see it (with axes of length 1, say); the first that fits is taken.
    path : Path, optional
        Named in errors.

    Raises
    ------
    ImageReadError
        If the letters are not one per dimension, or lack Y or X, or repeat one.
    """
    axes = "".join(given).upper()  # people give lists of letters, too
    if not axes.isalpha() or len(set(axes)) != len(axes) or not {"Y", "X"} <= set(axes):
        remedy = 'give one letter per dimension with Y and X among them, for example "TZCYX"'
        raise ImageReadError(f"axes {given!r} can't be understood", path=path, remedy=remedy)
    for shape in shapes:
        if len(shape) == len(axes):
            return _checked(_squeeze(axes, shape), path)
    shape = tuple(shapes[0])
    remedy = f"give {len(shape)} letters for its shape {shape}"
    raise ImageReadError(f"axes {given!r} don't fit an image of {len(shape)} dimensions", path=path, remedy=remedy)


def select(array: NDArray[np.generic], axes: str, position: Mapping[str, int]) -> tuple[NDArray[np.generic], str]:
    """Take one position along each named axis that the array has; no pixel is copied.

    Examples
    --------
    >>> part, axes = select(np.arange(6).reshape(2, 3), "TX", {"T": 1})
    >>> part.tolist(), axes
    ([3, 4, 5], 'X')
    """
    key = tuple(position.get(axis, slice(None)) for axis in axes)
    return array[key], "".join(axis for axis in axes if axis not in position)


def to_plane(array: NDArray[np.generic], axes: str) -> NDArray[np.generic]:
    """Bring an array of the axes Y, X, C and S, in any order, to (Y, X) or (Y, X, C), contiguous and of native type.

    Where there are both, channels vary slower than their samples.
    """
    order = [axes.index(axis) for axis in "YXCS" if axis in axes]
    pixels = array.transpose(order).reshape(array.shape[axes.index("Y")], array.shape[axes.index("X")], -1)
    if pixels.shape[2] == 1:
        pixels = pixels[:, :, 0]
    return np.ascontiguousarray(pixels, dtype=pixels.dtype.newbyteorder("="))


def _squeeze(axes: str, shape: Sequence[int]) -> Layout:
    """Leave out axes of length 1, except Y and X."""
    kept = [(axis, int(size)) for axis, size in zip(axes, shape, strict=True) if size != 1 or axis in "YX"]
    return Layout("".join(axis for axis, _ in kept), tuple(size for _, size in kept))


def _checked(layout: Layout, path: Path | None) -> Layout:
    """Refuse what can't be segmented for its shape alone."""
    height, width = layout.length("Y"), layout.length("X")
    if 0 in layout.shape:
        raise ImageReadError(f"has no pixels: its shape is {layout.shape}", path=path, remedy="export it again")
    if min(height, width) < _SMALLEST_SIDE:
        raise ImageReadError(
            f"is {height} x {width} pixels: a line can't be segmented",
            path=path,
            remedy='give an image of 2 x 2 pixels or more; if its axes are misread, name them, for example axes="CYX"',
        )
    return layout


def refuse_axes(axes: str | None, path: Path) -> None:
    """Refuse axes that are given for a file whose format states its own.

    Raises
    ------
    ImageReadError
        If there are any.
    """
    if axes is not None:
        raise ImageReadError("states its axes itself", path=path, remedy="leave the axes out")
