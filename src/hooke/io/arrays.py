"""Decides which axes of an array are the plane, and which are channels or colours, if nothing states it.

Shape alone is certain of (Y, X), of (Y, X, C) with at most 4 channels, and of axes of length 1, which are left out. A
last axis of up to 64 that is far shorter than the others is taken for channels, with a note. A short leading axis may
be channels or planes of a stack: only ``axes`` can decide.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hooke.errors import ImageReadError
from hooke.image import Image, sample_grid
from hooke.io.axes import Layout, given_layout, select, stored_layout, to_plane
from hooke.io.image_file import check_dtype, finite
from hooke.io.opacity import drop_opacity

_COLOURS = 4  # red, green, blue and alpha
_MOST_CHANNELS = 64
_MUCH = 4  # times longer
_SAMPLE = 65_536  # pixels that are examined for alpha and the number of grey levels
_FEW = 1024  # pixels that can't have many levels


def array_layout(shape: Sequence[int], axes: str | None, path: Path | None) -> Layout:
    """Layout of an array by the axes that the user states, or else by its shape; an unknown leading axis is ``I``.

    Parameters
    ----------
    shape : sequence of int
    axes : str, optional
        One letter per dimension.
    path : Path, optional
        Named in errors.

    Raises
    ------
    ImageReadError
        If the axes don't fit, or are uncertain: two or more besides the plane.
    """
    shape = tuple(shape)
    kept = tuple(size for size in shape if size != 1)
    if axes:
        return given_layout(axes, [shape, kept], path)
    if len(shape) < 2:
        cause = f"an array of {len(shape)} dimension(s) is not an image"
        raise ImageReadError(cause, path=path, remedy="give an array of shape (Y, X) or (Y, X, C)")
    if len(kept) < 2:
        kept = shape[-2:]  # a line, which is refused by its shape
    if len(kept) == 3 and ends_in_channels(kept):
        return stored_layout("YXC", kept, path)
    return stored_layout({2: "YX", 3: "IYX"}.get(len(kept), "Q" * (len(kept) - 2) + "YX"), kept, path)


def ends_in_channels(shape: Sequence[int]) -> bool:
    """Whether the last of three axes holds channels, as its length alone says."""
    height, width, last = shape
    if last <= _COLOURS:
        return height > _COLOURS or width <= _COLOURS
    return last <= _MOST_CHANNELS and last * _MUCH <= min(height, width)


def is_leading_axis_unknown(layout: Layout) -> bool:
    """Whether an array's first axis may be channels as well as planes."""
    return "I" in layout.axes


def channels_note(layout: Layout, shape: Sequence[int], axes: str | None) -> tuple[str, ...]:
    """What the user should know of more channels than a picture has, found by shape."""
    if axes or layout.channels <= _COLOURS:
        return ()
    return (
        f"took {layout.channels} of the shape {tuple(shape)} for channels, not planes of a stack (give axes, such as "
        '"YXC" or "YXZ", to say which)',
    )


def image_of_array(array: NDArray[np.generic], axes: str | None = None) -> tuple[Image, Layout]:
    """Make an image of an array's first plane.

    Parameters
    ----------
    array : ndarray
        Numbers of any real type.
    axes : str, optional
        One letter per dimension, such as ``"CYX"`` or ``"TZCYX"``; by shape when not given.

    Returns
    -------
    image : Image
    layout : Layout
        Says which planes there are.

    Raises
    ------
    ImageReadError
        If it is not an image, or its axes are uncertain: a short leading axis may be channels or planes.
    """
    check_dtype(array.dtype, None)
    layout = array_layout(array.shape, axes, None)
    if is_leading_axis_unknown(layout) and not axes:
        raise ImageReadError(
            f"an array of shape {array.shape} may hold {layout.shape[0]} channels or a stack of {layout.shape[0]} "
            "planes",
            remedy=f'say which: axes="{_letters(array.shape, "C")}" for channels, axes="{_letters(array.shape, "Z")}" '
            "for a stack",
        )
    first = dict.fromkeys(layout.stack_axes, 0)
    part, left = select(array.reshape(layout.shape), layout.axes, first)
    samples = Samples.of_plane(part, left, explicit=axes is not None)
    return (
        Image(
            finite(samples.keep(to_plane(np.asarray(part), left)), None),
            plane={axis.lower(): 0 for axis in layout.stack_axes},
            is_rgb=samples.is_rgb,
            notes=channels_note(layout, array.shape, axes),
        ),
        layout,
    )


@dataclass(frozen=True)
class Samples:
    """Which channels of an array's plane are kept, and whether they are red, green and blue.

    Parameters
    ----------
    kept : int
        Number of channels that are left when alpha is dropped.
    is_rgb : bool
    has_alpha : bool
    """

    kept: int
    is_rgb: bool = False
    has_alpha: bool = False

    @classmethod
    def of_plane(cls, plane: NDArray[np.generic], axes: str, *, explicit: bool) -> Samples:
        """Decide by a sample of a plane's pixels.

        Parameters
        ----------
        plane : ndarray
            In any order of axes; only a regular grid of its pixels is read.
        axes : str
            Letters Y, X, and C or S or both.
        explicit : bool
            Whether the user stated the axes: ``S`` is then colours, and ``C`` stains.
        """
        ordered = plane.transpose([axes.index(axis) for axis in "YXCS" if axis in axes])
        count = math.prod(ordered.shape[2:])
        if ordered.ndim != 3 or (explicit and "S" not in axes):
            return cls(count)
        sample = _sample(ordered)
        has_alpha = count in (2, 4) and (explicit or _is_alpha(sample))
        kept = count - has_alpha
        is_picture = kept == 3 and (explicit or plane.dtype == np.uint8 or _has_eight_bits(sample[:, :3]))
        return cls(kept, is_picture, has_alpha)

    def keep(self, pixels: NDArray[np.generic]) -> NDArray[np.generic]:
        """Drop alpha from (Y, X) or (Y, X, C) pixels."""
        if pixels.ndim == 2 or pixels.shape[2] == self.kept:
            return pixels
        if self.is_rgb:  # beside one channel it may as well be a mask, which says nothing of what is image
            return drop_opacity(pixels)
        return np.ascontiguousarray(pixels[..., 0] if self.kept == 1 else pixels[..., : self.kept])


def _letters(shape: Sequence[int], leading: str) -> str:
    """Axes for a shape whose first axis longer than 1 is `leading`, for a remedy."""
    spare = iter("TPA" if leading == "Z" else "TZP")
    long = [index for index, size in enumerate(shape) if size != 1]
    names = dict(zip(long, f"{leading}YX", strict=True))
    return "".join(names.get(index) or next(spare, "A") for index in range(len(shape)))


def _sample(pixels: NDArray[np.generic]) -> NDArray[np.generic]:
    """Pixels (N, C) on a regular grid."""
    return sample_grid(pixels, _SAMPLE).reshape(-1, pixels.shape[2])


def _is_alpha(sample: NDArray[np.generic]) -> bool:
    """Whether the last channel of pixels (N, C) is opacity: all or nothing, and never below the colours' white."""
    opacity, colours = sample[:, -1], sample[:, :-1]
    most = opacity.max()
    return bool(most > 0 and np.all((opacity == most) | (opacity == 0)) and most >= np.nanmax(colours))


def _has_eight_bits(sample: NDArray[np.generic]) -> bool:
    """Whether pixels (N, C) of a wider type hold no more levels than a picture of 8 bits, on any scale."""
    return len(sample) >= _FEW and all(len(np.unique(channel)) <= 256 for channel in sample.T)
