"""Reads a layer's array as hooke reads a file: plane by plane, of any array that napari shows, also lazy ones."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hooke.errors import ConfigError
from hooke.io import ImageFile
from hooke.io.levels import Region

_LETTERS = "TZCPI"
_NAMED = {"time": "T", "frame": "T", "depth": "Z", "plane": "Z", "channel": "C", "position": "P", "colour": "C"}
_GUESSED = ("", "Z", "TZ", "PTZ")  # by the number of axes in front of Y and X
_AXES_REMEDY = "name each axis by a letter, such as TZYX or CYX: T time, Z depth, C channels, P position, I other"


def guess_axes(shape: Sequence[int], *, is_rgb: bool = False, axis_labels: Sequence[str] = ()) -> str:
    """Name the axes of a layer by letters, by what napari calls them, or by their number.

    Parameters
    ----------
    shape : sequence of int
        Of the layer's data, colours last where it has some.
    is_rgb : bool
    axis_labels : sequence of str, optional
        What napari calls the axes, the colours left out.

    Returns
    -------
    str
        Such as ``"TZYX"``; colours are not named. Without names, one axis in front of Y and X is depth, two are time
        and depth.

    Examples
    --------
    >>> guess_axes((5, 64, 64)), guess_axes((64, 64, 3), is_rgb=True)
    ('ZYX', 'YX')
    >>> guess_axes((5, 64, 64), axis_labels=("time", "y", "x"))
    'TYX'
    """
    count = len(shape) - (1 if is_rgb else 0) - 2
    if count < 0:
        return ""
    named = [_letter(label) for label in axis_labels[:count]]
    if len(named) == count and all(named) and len(set(named)) == count:
        return "".join(named) + "YX"
    return (_GUESSED[count] if count < len(_GUESSED) else _LETTERS[:count]) + "YX"


def _letter(label: str) -> str:
    text = str(label).strip().casefold()
    if text.upper() in _LETTERS and len(text) == 1:
        return text.upper()
    return _NAMED.get(text, "")


@dataclass(frozen=True)
class StackAxes:
    """Which axis of an array is what.

    Parameters
    ----------
    letters : str
        One per axis in front of Y and X.
    """

    letters: str

    @property
    def channel(self) -> int | None:
        """Position of the axis of channels."""
        return self.letters.index("C") if "C" in self.letters else None

    @property
    def stack(self) -> str:
        """Letters of the axes of planes."""
        return self.letters.replace("C", "")


def parse_axes(axes: str, shape: Sequence[int], *, is_rgb: bool = False) -> StackAxes:
    """Check the letters that a person gives for a layer's axes.

    Raises
    ------
    ConfigError
        When they are not one letter per axis, one is unknown or there twice, or they do not end in YX.

    Examples
    --------
    >>> parse_axes("tcyx", (3, 2, 64, 64))
    StackAxes(letters='TC')
    """
    letters = re.sub(r"[\s,]", "", axes).upper()
    count = len(shape) - (1 if is_rgb else 0)
    what = f"axes {axes!r} for an image of {count} axes ({' x '.join(map(str, shape[:count]))})"
    if len(letters) != count:
        raise ConfigError(what, remedy=_AXES_REMEDY)
    if count < 2 or letters[-2:] != "YX":
        raise ConfigError(f"{what} do not end in YX", remedy=_AXES_REMEDY)
    front = letters[:-2]
    if set(front) - set(_LETTERS) or len(set(front)) < len(front):
        raise ConfigError(what, remedy=_AXES_REMEDY)
    if is_rgb and "C" in front:
        raise ConfigError(f"{what}, which has colours already", remedy="leave out C")
    return StackAxes(front)


def layer_file(
    data: Any,
    axes: str,
    *,
    is_rgb: bool = False,
    name: str = "image",
    pixel_size_um: tuple[float, float] | None = None,
    z_step_um: float | None = None,
    region: Region | None = None,
    at: Mapping[str, int] | None = None,
) -> ImageFile:
    """Give a layer's array as `hooke.io.open_image` gives a file; nothing is read yet.

    Parameters
    ----------
    data : array
        Of NumPy, dask, zarr or anything else that has a shape and gives windows as arrays; colours last.
    axes : str
        One letter per axis, without the colours.
    is_rgb : bool
        Whether the last axis is red, green, blue (and alpha, which is left out).
    name : str
        Of the layer.
    pixel_size_um : (float, float), optional
        Height and width of a pixel in micrometres.
    z_step_um : float, optional
        Distance of two planes in micrometres.
    region : (int, int, int, int), optional
        Top row, left column, height and width; all when not given.
    at : mapping of str to int, optional
        Position of the only plane that is wanted, by the letter of each axis; all planes when not given.

    Raises
    ------
    ConfigError
        When the letters do not fit, or the image is too small.
    """
    known = parse_axes(axes, data.shape, is_rgb=is_rgb)
    count = len(known.letters)
    height, width = (int(size) for size in data.shape[count : count + 2])
    top, left, rows, columns = region or (0, 0, height, width)
    if min(rows, columns) < 2:
        raise ConfigError(f"{name}: {rows} x {columns} pixels", remedy="take a region of two pixels or more each way")
    sizes = dict(zip(known.letters, map(int, data.shape[:count]), strict=True))
    stack = "" if at is not None else known.stack
    channels = 3 if is_rgb else sizes.get("C", 1)
    window = (slice(top, top + rows), slice(left, left + columns))

    def read(position: Mapping[str, int]) -> NDArray[np.generic]:
        place = {**(at or {}), **{axis.upper(): index for axis, index in position.items()}}
        part = data[(*(slice(None) if axis == "C" else place[axis] for axis in known.letters), *window)]
        pixels = np.asarray(part)
        if is_rgb:
            return pixels[..., :3]
        return np.moveaxis(pixels, 0, -1) if pixels.ndim == 3 else pixels

    colours = (channels,) if is_rgb or "C" in sizes else ()
    return ImageFile(
        Path(name),
        name,
        stack,
        tuple(sizes[axis] for axis in stack),
        (rows, columns, *colours),
        pixel_size_um=pixel_size_um,
        is_rgb=is_rgb,
        z_step_um=z_step_um,
        read_bytes=rows * columns * math.prod(colours) * np.dtype(data.dtype).itemsize,
        read=read,
    )
