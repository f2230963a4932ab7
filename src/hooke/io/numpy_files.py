"""Reads .npy arrays by a memory map.

Reads NumPy's format 1 to 3 of any real type and byte order; never a pickle. The file has no metadata, so shape and
pixels decide: see `hooke.io.arrays`. A leading axis of unknown meaning is a stack, every plane of which is segmented.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hooke.errors import ImageReadError
from hooke.io.arrays import Samples, array_layout, channels_note
from hooke.io.axes import Layout, select, to_plane
from hooke.io.formats import result_stem
from hooke.io.image_file import ImageFile, check_dtype

#: In place of a file's path for an array in memory.
ARRAY = Path("<array>")


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
        If it is truncated, pickled, not of real numbers, or its axes are uncertain.
    """
    return _open(lambda: _map(path), path, result_stem(path), axes)


def file_of_array(array: NDArray[np.generic], axes: str | None = None) -> ImageFile:
    """Give an array in memory as a file is given, so that its planes are read one at a time.

    Parameters
    ----------
    array : ndarray
    axes : str, optional
        One letter per dimension.

    Raises
    ------
    ImageReadError
        If it is not of real numbers, or its axes are uncertain.
    """
    return _open(lambda: array, ARRAY, "image", axes)


def _open(source: Callable[[], NDArray[np.generic]], path: Path, name: str, axes: str | None) -> ImageFile:
    """Describe an array that a file or the memory holds."""
    array = source()
    check_dtype(array.dtype, path)
    layout = array_layout(array.shape, axes, path)
    samples = Samples(layout.channels)
    if layout.channels in (2, 3, 4):
        part, left = select(array.reshape(layout.shape), layout.axes, dict.fromkeys(layout.stack_axes, 0))
        samples = Samples.of_plane(part, left, explicit=bool(axes))

    def read(position: Mapping[str, int]) -> NDArray[np.generic]:
        return samples.keep(_plane(source(), layout, position))

    def read_window(position: Mapping[str, int], rows: slice, columns: slice) -> NDArray[np.generic]:
        window = {"Y": rows, "X": columns}
        # A map of its own for each window: what was read of an earlier one is let go.
        part = source().reshape(layout.shape)[tuple(window.get(axis, slice(None)) for axis in layout.axes)]
        return samples.keep(to_plane(*select(np.array(part), layout.axes, position)))

    plane_shape = layout.plane_shape
    return ImageFile(
        path=path,
        name=name,
        axes=layout.stack_axes,
        stack_shape=layout.stack_shape,
        plane_shape=plane_shape[:2] if samples.kept == 1 else (*plane_shape[:2], samples.kept),
        is_rgb=samples.is_rgb,
        notes=channels_note(layout, array.shape, axes),
        read_bytes=math.prod(layout.plane_shape) * array.dtype.itemsize,
        dtype=array.dtype.newbyteorder("="),
        segment_shape=(1, layout.length("X")),
        read=read,
        read_window=read_window,
    )


def _plane(array: NDArray[np.generic], layout: Layout, position: Mapping[str, int]) -> NDArray[np.generic]:
    """Copy one plane; the layout leaves out axes of length 1, and so must the array."""
    part, left = select(array.reshape(layout.shape), layout.axes, position)
    return to_plane(np.array(part), left)


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
