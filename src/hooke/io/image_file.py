"""Defines `ImageFile`: the contents of a file, known before its pixels are read, and its planes as `Image`."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hooke.errors import ImageReadError
from hooke.image import Image
from hooke.io.gaps import Gaps
from hooke.limits import check_memory

_NOT_A_NUMBER = "no pixel is a finite number (all NaN or infinite)"
_NOT_SENT = ("read", "read_window", "gaps")
_COPIES = 2  # of a plane that a reader holds at its peak: as decoded, and in the order and type that it gives


@dataclass(frozen=True)
class ImageFile:
    """An image file whose planes are read one at a time, by one thread; nothing stays open between reads.

    Parameters
    ----------
    path : Path
        The file.
    name : str
        Its stem, after which results are named.
    axes : str
        Letters of the stack's axes, slowest first, such as ``"TZ"``; empty for a single image.
    stack_shape : tuple of int
        Length of each of them.
    plane_shape : tuple of int
        (Y, X), or (Y, X, C).
    pixel_size_um : (float, float), optional
        Height and width of a pixel in micrometres, where the file states them.
    channel_names : tuple of str
        One name per channel, or empty.
    is_rgb : bool
        Whether the channels are the red, green and blue of one picture.
    z_step_um, time_step_s : float, optional
        Distance of the planes of a stack in micrometres and time between them in seconds, where the file states them.
    scenes : tuple of str
        Names of all scenes of a file that holds several, images of other sizes; empty where there is one.
    scene : str
        The scene that this is.
    notes : tuple of str
        What the user should know of how the file was read.
    orientation : int
        1..8, the tag by which planes are turned as they are read (`hooke.io.orientation`).
    read_bytes : int
        Bytes that reading a plane decodes, which may be more than the plane's own.
    max_memory : int, optional
        Bytes that reading may take; three quarters of what is free when not given.
    dtype : dtype, optional
        Of the pixels, where it is known before they are read.
    levels : tuple of (int, int)
        Height and width of each resolution of a pyramid, the finest first; empty where there is one.
    level : int
        Which of them this is.
    segment_shape : (int, int), optional
        Height and width of what has to be decoded at once, such as a tile.
    gaps : Gaps, optional
        Filled parts of the windows that were read.
    read : callable
        Given the position along each stack axis, returns the pixels, (Y, X) or (Y, X, C).
    read_window : callable, optional
        Given that, rows and columns, returns a window of them without reading the rest; may be called from several
        threads at once.

    Examples
    --------
    >>> file = ImageFile(Path("a.npy"), "a", "T", (2,), (4, 5), read=lambda at: np.full((4, 5), at["T"]))
    >>> len(file), file.plane(1).plane, int(file.plane(1).pixels.max())
    (2, {'t': 1}, 1)
    """

    path: Path
    name: str
    axes: str
    stack_shape: tuple[int, ...]
    plane_shape: tuple[int, ...]
    pixel_size_um: tuple[float, float] | None = None
    channel_names: tuple[str, ...] = ()
    is_rgb: bool = False
    z_step_um: float | None = None
    time_step_s: float | None = None
    scenes: tuple[str, ...] = ()
    scene: str = ""
    notes: tuple[str, ...] = ()
    orientation: int = 1
    read_bytes: int = 0
    max_memory: int | None = None
    dtype: np.dtype[np.generic] | None = None
    levels: tuple[tuple[int, int], ...] = ()
    level: int = 0
    segment_shape: tuple[int, int] | None = None
    gaps: Gaps | None = None
    read: Callable[[Mapping[str, int]], NDArray[np.generic]] = field(repr=False, kw_only=True)
    read_window: Callable[[Mapping[str, int], slice, slice], NDArray[np.generic]] | None = field(
        default=None, repr=False, kw_only=True
    )

    def __len__(self) -> int:
        return math.prod(self.stack_shape)

    def __reduce__(self) -> tuple[Callable[..., ImageFile], tuple[dict[str, object], NDArray[np.generic]]]:
        """Send all planes to another process: the file may not be there, and an array in memory is not."""
        left = {each.name: getattr(self, each.name) for each in fields(self) if each.name not in _NOT_SENT}
        return _received, (left, np.stack([self.read(self.position(index)) for index in range(len(self))]))

    def __iter__(self) -> Iterator[Image]:
        return (self.plane(index) for index in range(len(self)))

    def plane(self, index: int) -> Image:
        """Read one plane.

        Parameters
        ----------
        index : int
            Which, counted from 0 with the last stack axis fastest.

        Returns
        -------
        Image
            Pixels of shape `plane_shape` in native byte order, with ``plane`` such as ``{"t": 3, "z": 0}``.

        Raises
        ------
        ImageReadError
            If there is no such plane, it needs more memory than it may take, the file is truncated or damaged, or no
            pixel of a single image is a finite number; of such a plane of a stack a note says so.
        """
        if not 0 <= index < len(self):
            raise ImageReadError(
                f"has no plane {index}", path=self.path, remedy=f"give a plane from 0 to {len(self) - 1}"
            )
        check_memory(_COPIES * self.read_bytes, self.path, budget=self.max_memory)
        pixels = self.read(self.position(index))
        if len(self) > 1 and is_blank(pixels):  # such as the end of a registered stack; its other planes are good
            image = self.image_of(pixels.astype(usual_type(pixels.dtype), copy=False), index)
            image = replace(image, notes=(*image.notes, _NOT_A_NUMBER))
        else:
            image = self.image_of(finite(pixels, self.path), index)
        return image if self.gaps is None else replace(image, notes=(*image.notes, *self.gaps.notes))

    def position(self, index: int) -> dict[str, int]:
        """Position of a plane along each stack axis."""
        where = np.unravel_index(index, self.stack_shape) if self.stack_shape else ()
        return {axis: int(at) for axis, at in zip(self.axes, where, strict=True)}

    def image_of(self, pixels: NDArray[np.generic], index: int = 0) -> Image:
        """Give pixels of a plane with what the file says of them."""
        return Image(
            pixels=pixels,
            name=self.name,
            path=self.path,
            pixel_size_um=self.pixel_size_um,
            channel_names=self.channel_names,
            plane={axis.lower(): at for axis, at in self.position(index).items()},
            is_rgb=self.is_rgb,
            notes=self.notes,
        )


@dataclass(frozen=True)
class _Planes:
    """Planes in memory, in the order in which a file has them."""

    axes: str
    shape: tuple[int, ...]
    planes: NDArray[np.generic]

    def __call__(self, at: Mapping[str, int]) -> NDArray[np.generic]:
        place = [at[axis] for axis in self.axes]
        plane: NDArray[np.generic] = self.planes[int(np.ravel_multi_index(place, self.shape)) if place else 0].copy()
        return plane


def _received(values: dict[str, Any], planes: NDArray[np.generic]) -> ImageFile:
    return ImageFile(**values, read=_Planes(values["axes"], values["stack_shape"], planes))


def check_dtype(dtype: np.dtype[np.generic], path: Path | None) -> None:
    """Refuse pixels that are not real numbers.

    Raises
    ------
    ImageReadError
        If the type is complex, structured, text or an object.
    """
    if dtype.kind == "c":
        remedy = "save its magnitude or phase as 32-bit float"
        raise ImageReadError(f"holds complex numbers ({dtype})", path=path, remedy=remedy)
    if dtype.kind not in "buif":
        raise ImageReadError(f"holds no pixels but {dtype}", path=path, remedy="save numbers, integer or float")


def usual_type(dtype: np.dtype[np.generic]) -> np.dtype[np.generic]:
    """The same type, or for a float type that few libraries know the nearest that all do."""
    if dtype.kind != "f" or dtype.itemsize in (4, 8):
        return dtype
    return np.dtype(np.float32 if dtype.itemsize < 4 else np.float64)


def finite(pixels: NDArray[np.generic], path: Path | None) -> NDArray[np.generic]:
    """Refuse a plane without one finite value; bring float types that few libraries know to those that all do.

    Raises
    ------
    ImageReadError
        If all pixels are NaN or infinite.
    """
    pixels = pixels.astype(usual_type(pixels.dtype), copy=False)
    if is_blank(pixels):
        raise ImageReadError(_NOT_A_NUMBER, path=path, remedy="export it again")
    return pixels


def is_blank(pixels: NDArray[np.generic]) -> bool:
    """Whether no pixel is a finite number."""
    if pixels.dtype.kind != "f":
        return False
    # One finite corner settles it for nearly every image without a pass over all pixels.
    return not np.isfinite(pixels.flat[0]) and not np.isfinite(pixels).any()
