"""Defines `Image`: one plane of pixels with its metadata, which hooke's stages exchange."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, TypeVar, overload

import numpy as np
from numpy.typing import NDArray

_Type = TypeVar("_Type", bound=np.generic)


class Pixels(Protocol):
    """What windows are read of: an array, or a file that is read window by window."""

    @property
    def shape(self) -> tuple[int, ...]:
        """(Y, X) or (Y, X, C)."""

    @property
    def dtype(self) -> np.dtype[Any]:
        """As stored."""

    def __getitem__(self, key: Any, /) -> Any:
        """Give the pixels of a window."""


@dataclass(frozen=True)
class Image:
    """One two-dimensional image.

    Parameters
    ----------
    pixels : ndarray, shape (Y, X) or (Y, X, C)
        Intensities as stored: any integer type, bool or float32/float64.
    name : str
        What results are named after; the file's stem where there is a file.
    path : Path, optional
        The file that the pixels came from.
    pixel_size_um : (float, float), optional
        Height and width of a pixel in micrometres.
    channel_names : tuple of str
        One name per channel, or empty when they are unknown.
    plane : dict
        Where the plane lies in a stack, such as ``{"t": 3, "z": 0}``; empty for a single image.
    is_rgb : bool
        True when three channels are the red, green and blue of one picture rather than three stains.
    notes : tuple of str
        What the user should know of how the file was read; each becomes a warning of the result.
    """

    pixels: NDArray[np.generic]
    name: str = "image"
    path: Path | None = None
    pixel_size_um: tuple[float, float] | None = None
    channel_names: tuple[str, ...] = ()
    plane: dict[str, int] = field(default_factory=dict)
    is_rgb: bool = False
    notes: tuple[str, ...] = ()

    @property
    def height(self) -> int:
        """Rows."""
        return int(self.pixels.shape[0])

    @property
    def width(self) -> int:
        """Columns."""
        return int(self.pixels.shape[1])

    @property
    def channels(self) -> int:
        """Number of channels; 1 for a (Y, X) image."""
        return 1 if self.pixels.ndim == 2 else int(self.pixels.shape[2])

    @property
    def megapixels(self) -> float:
        """Height times width in millions."""
        return self.height * self.width / 1e6


def has_equal_channels(pixels: NDArray[np.generic]) -> bool:
    """Whether all channels of an array (Y, X, C) are the same everywhere, as of a grey image stored in colours.

    Examples
    --------
    >>> has_equal_channels(np.ones((2, 2, 3))), has_equal_channels(np.arange(12).reshape(2, 2, 3))
    (True, False)
    """
    return bool((pixels[..., :1] == pixels).all())


@overload
def sample_grid(pixels: NDArray[_Type], count: int) -> NDArray[_Type]: ...
@overload
def sample_grid(pixels: Pixels, count: int) -> NDArray[Any]: ...
def sample_grid(pixels: Any, count: int) -> NDArray[Any]:
    """Take every n-th row and column, about `count` pixels in all; a small image is returned whole.

    Parameters
    ----------
    pixels : ndarray, shape (Y, X) or (Y, X, C)
    count : int

    Returns
    -------
    ndarray, shape (Y', X') or (Y', X', C)
        Of an array, a view of the same memory.
    """
    step = max(1, int(np.sqrt(pixels.shape[0] * pixels.shape[1] / count)))
    grid: NDArray[Any] = pixels[::step, ::step]
    return grid
