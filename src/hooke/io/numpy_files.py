"""Reads .npy arrays: a path in, an `ImageFile` out whose planes come from a memory map.

Reads NumPy's format 1 to 3 of any real type and byte order; never a pickle. The file has no metadata, so: 2-D is
(Y, X); 3-D with at most 4 last is (Y, X, C), red, green and blue if they are three of 8 bits; any other 3-D is a stack
of unknown axis, (I, Y, X); more dimensions need ``axes``.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hooke.errors import ImageReadError
from hooke.io.axes import Layout, given_layout, select, stored_layout, to_plane
from hooke.io.formats import result_stem
from hooke.io.image_file import ImageFile, check_dtype

__all__ = ["open_npy"]

_MOST_CHANNELS = 4


def open_npy(path: Path, axes: str | None = None) -> ImageFile:
    """Open a .npy file.

    Parameters
    ----------
    path : Path
        The file.
    axes : str, optional
        One letter per dimension.

    Raises
    ------
    ImageReadError
        If it is truncated, pickled, not of real numbers, or its axes can't be told.
    """
    array = _map(path)
    check_dtype(array.dtype, path)
    layout = given_layout(axes, [array.shape], path) if axes else _layout(array, path)

    def read(position: Mapping[str, int]) -> NDArray[np.generic]:
        # The layout leaves out axes of length 1, and so must the array.
        part, left = select(_map(path).reshape(layout.shape), layout.axes, position)
        return to_plane(np.array(part), left)

    return ImageFile(
        path=path,
        name=result_stem(path),
        axes=layout.stack_axes,
        stack_shape=layout.stack_shape,
        plane_shape=layout.plane_shape,
        is_rgb=_is_picture(layout, array.dtype, explicit=axes is not None),
        read_bytes=math.prod(layout.plane_shape) * array.dtype.itemsize,
        read=read,
    )


def _map(path: Path) -> NDArray[np.generic]:
    """Memory map of the array, or what is wrong with the file."""
    try:
        array: NDArray[np.generic] = np.load(path, mmap_mode="r", allow_pickle=False)
    except Exception as error:  # the header is a Python literal, and a damaged one fails in many ways
        if "object" in str(error).lower() or "pickle" in str(error).lower():
            cause, remedy = "holds Python objects, which are never unpickled", "save a plain numeric array with np.save"
        elif "length is greater than file size" in str(error):
            cause, remedy = "the file is truncated: pixels are missing at its end", "copy it again"
        else:
            text = " ".join(str(error).split())[:120]
            cause, remedy = f"damaged .npy file ({text})", "save the array again with np.save"
        raise ImageReadError(cause, path=path, remedy=remedy) from error
    return array


def _letters(array: NDArray[np.generic]) -> str:
    """Axes by shape alone, as the head of this module tells; ``Q`` is unknown."""
    if array.ndim == 3 and array.shape[2] <= _MOST_CHANNELS:
        return "YXC"
    return {0: "", 1: "X", 2: "YX", 3: "IYX"}.get(array.ndim, "Q" * (array.ndim - 2) + "YX")


def _layout(array: NDArray[np.generic], path: Path) -> Layout:
    """Layout by shape alone."""
    if array.ndim < 2:
        cause = f"an array of {array.ndim} dimension(s) is not an image"
        raise ImageReadError(cause, path=path, remedy="save an array of shape (Y, X) or (Y, X, C)")
    return stored_layout(_letters(array), array.shape, path)


def _is_picture(layout: Layout, dtype: np.dtype[np.generic], *, explicit: bool) -> bool:
    """Whether three channels are a picture's colours: said by ``S``, or else by 8 bits and three channels last."""
    if explicit:
        return layout.length("S") == 3 and layout.channels == 3
    return layout.length("C") == 3 and dtype == np.uint8
