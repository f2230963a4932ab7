"""Opens an image file with the reader that fits its content."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from hooke.addresses import is_url, to_path
from hooke.errors import ImageReadError
from hooke.image import Image
from hooke.io.formats import sniff
from hooke.io.image_file import ImageFile
from hooke.io.lazy_plane import LazyPlane
from hooke.io.levels import check_level, choose_scene, other_scenes, parse_region
from hooke.io.numpy_files import open_npy
from hooke.io.raster import open_raster
from hooke.io.readers import find_reader
from hooke.io.remote import remote_file
from hooke.io.tiff import open_tiff
from hooke.io.zarr_image import open_zarr


def open_image(
    path: str | Path,
    *,
    axes: str | None = None,
    scene: str | None = None,
    level: int = 0,
    max_memory: int | None = None,
) -> ImageFile:
    """Open an image file: metadata now, pixels plane by plane when needed.

    The format is recognised by content, not by the suffix.

    Parameters
    ----------
    path : str or Path
        A TIFF, OME-TIFF, PNG, JPEG, BMP, GIF, WebP, PNM, JPEG 2000 or .npy file, a whole slide that is a TIFF file, or
        an OME-Zarr store; with the packages of the extra ``vendor``, a .czi, .nd2 or .lif file. Or the URL of an
        OME-Zarr store or a TIFF file (https, s3 and others), with the extra ``remote``.
    axes : str, optional
        One letter per dimension as stored, such as ``"TZCYX"`` (T time, Z depth, C channels, S colours), where the
        file states none or wrong ones.
    scene : str, optional
        Which image of a file or store that holds several, by its name in `ImageFile.scenes`; of a TIFF the largest when
        not given, of a store the first.
    level : int
        Which resolution of a pyramid, 0 for the finest; see `ImageFile.levels`.
    max_memory : int, optional
        Bytes that reading a plane may take; three quarters of what is free when not given.

    Returns
    -------
    ImageFile
        Iterating over it yields an `Image` per plane.

    Raises
    ------
    ImageReadError
        If the file is missing, empty, truncated, damaged, of a format or with axes that can't be read, smaller than
        2 x 2 pixels, or doesn't hold real numbers; if its header promises more than it can hold; if it has no such
        scene; or if a server does not answer.
    """
    path = to_path(path)
    try:
        kind = remote_file(path).kind if is_url(path) else sniff(path)
    except ImageReadError:
        reader = find_reader(path)
        if reader is None:
            raise
        return _of_scenes(reader(path, axes, scene=scene, level=level), scene, max_memory)
    if kind == "tiff":
        return replace(open_tiff(path, axes, scene=scene, level=level), max_memory=max_memory)
    if kind == "zarr":
        return _of_scenes(open_zarr(path, axes, scene=scene, level=level), scene, max_memory)
    choose_scene(scene, (), path)
    check_level(level, (), path)
    file = open_raster(path, axes) if kind == "raster" else open_npy(path, axes)
    return replace(file, max_memory=max_memory)


def _of_scenes(file: ImageFile, wanted: str | None, max_memory: int | None) -> ImageFile:
    """Say which of several scenes was opened where none was asked for."""
    notes = other_scenes(file.scenes, file.scene) if wanted is None else ()
    return replace(file, notes=(*notes, *file.notes), max_memory=max_memory)


def read_image(
    path: str | Path,
    *,
    axes: str | None = None,
    scene: str | None = None,
    plane: int = 0,
    level: int = 0,
    region: str | Sequence[int] | None = None,
) -> Image:
    """Read one plane of an image file, or a region of it.

    Parameters
    ----------
    path : str or Path
        The file; see `open_image`.
    axes : str, optional
        One letter per dimension as stored.
    scene : str, optional
        Which image of a file of several; see `open_image`.
    plane : int
        Which plane of a stack, counted from 0 with the last stack axis fastest.
    level : int
        Which resolution of a pyramid, 0 for the finest.
    region : str or sequence of 4 int, optional
        Top row, left column, height and width in pixels of the level; only these pixels are read, where the format
        allows it.

    Returns
    -------
    Image
        Pixels (Y, X) or (Y, X, C) as stored, and what the file says of them.

    Raises
    ------
    ImageReadError
        As `open_image`; and if there is no such plane or region, pixels are missing or damaged (in a region: filled
        with 0, with a note), or none is a finite number.
    """
    file = open_image(path, axes=axes, scene=scene, level=level)
    return file.plane(plane) if region is None else LazyPlane(file, plane, parse_region(region)).image()
