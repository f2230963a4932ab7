"""Writes label images and pictures of any size as tiled TIFF with a pyramid, tile by tile.

Labels are OME-TIFF, zlib-compressed, with coarser levels as SubIFDs, each of every second pixel of the finer one;
pictures are RGB in JPEG. BigTIFF where 4 GB may not be enough. QuPath, napari, Fiji with Bio-Formats and tifffile open
both.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import tifffile
from numpy.typing import NDArray

from hooke.io.atomic import atomic_path
from hooke.io.labels import (
    CLASSIC_TIFF_BYTES,
    LABEL_COMPRESSION,
    NO_UUID,
    identify_by_content,
    label_type,
    per_centimetre,
    physical_size,
)

_SIDE = 512  # of a tile
_COARSEST = 1024  # longer side of the coarsest level, at most
_QUALITY = 85

#: Gives rows and columns of a level: every step-th pixel, counted in pixels of that level.
ReadLevel = Callable[[slice, slice, int], NDArray[np.generic]]


def write_label_pyramid(
    path: str | Path,
    read: ReadLevel,
    shape: tuple[int, int],
    *,
    max_label: int,
    pixel_size_um: tuple[float, float] | None = None,
    on_share: Callable[[float], None] | None = None,
) -> None:
    """Write labels of any size; equal labels give equal bytes.

    Parameters
    ----------
    path : str or Path
        The file; replaced if there.
    read : callable
        See `ReadLevel`.
    shape : (int, int)
        Height and width in pixels.
    max_label : int
        The largest id, which decides the type.
    pixel_size_um : (float, float), optional
        Height and width of a pixel in micrometres.
    on_share : callable, optional
        Given the share that is written, 0..1.

    Raises
    ------
    OutputError
        If the file can't be written.
    """
    dtype = label_type(max_label)
    with atomic_path(path) as part:
        _write(
            part,
            read,
            shape,
            dtype,
            on_share,
            ome=True,
            options={
                "photometric": "minisblack",
                "compression": "zlib",
                "compressionargs": {"level": LABEL_COMPRESSION},
                "resolutionunit": None if pixel_size_um is None else "CENTIMETER",
            },
            metadata={"axes": "YX", "UUID": NO_UUID, **physical_size(pixel_size_um)},
            pixel_size_um=pixel_size_um,
        )
        identify_by_content(part)


def write_picture_pyramid(path: str | Path, read: ReadLevel, shape: tuple[int, int]) -> None:
    """Write a picture in colour of any size; parameters as for `write_label_pyramid`, `read` giving RGB of 8 bits."""
    options = {"photometric": "rgb", "compression": "jpeg", "compressionargs": {"level": _QUALITY}}
    with atomic_path(path) as part:
        _write(part, read, (*shape, 3), np.dtype(np.uint8), None, ome=False, options=options, metadata=None)


def _write(
    path: Path,
    read: ReadLevel,
    shape: tuple[int, ...],
    dtype: np.dtype[np.generic],
    on_share: Callable[[float], None] | None,
    *,
    ome: bool,
    options: dict[str, Any],
    metadata: dict[str, Any] | None,
    pixel_size_um: tuple[float, float] | None = None,
) -> None:
    """Write all levels."""
    steps = [1]
    while max(shape[:2]) > _COARSEST * steps[-1]:
        steps.append(2 * steps[-1])
    height, width = shape[:2]
    size = height * width * int(np.prod(shape[2:])) * dtype.itemsize
    with tifffile.TiffWriter(path, ome=ome, bigtiff=size > CLASSIC_TIFF_BYTES // 2) as writer:
        for step in steps:
            sides = -(-height // step), -(-width // step)
            writer.write(
                _tiles(read, sides, dtype, step, on_share if step == 1 else None),
                shape=(*sides, *shape[2:]),
                dtype=dtype,
                tile=(_SIDE, _SIDE),
                subifds=len(steps) - 1 if step == 1 else None,
                subfiletype=0 if step == 1 else 1,
                metadata=metadata if step == 1 else None,
                resolution=per_centimetre(pixel_size_um, step),
                **options,
            )


def _tiles(
    read: ReadLevel,
    shape: tuple[int, int],
    dtype: np.dtype[np.generic],
    step: int,
    on_share: Callable[[float], None] | None,
) -> Iterator[NDArray[np.generic]]:
    """Tiles of a level, row by row, padded with zeros to their full size."""
    for top in range(0, shape[0], _SIDE):
        for left in range(0, shape[1], _SIDE):
            part = read(slice(top, min(top + _SIDE, shape[0])), slice(left, min(left + _SIDE, shape[1])), step)
            tile = np.zeros((_SIDE, _SIDE, *part.shape[2:]), dtype)
            tile[: part.shape[0], : part.shape[1]] = part
            yield tile
        if on_share is not None:
            on_share(min(1.0, (top + _SIDE) / shape[0]))
