"""Converts the input of `hooke.segment` (an array, a Pillow image, a file, or an `Image`) to an `Image`, or a stack."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import PIL.Image
from numpy.typing import NDArray

from hooke.errors import ConfigError, ImageReadError
from hooke.image import Image
from hooke.io import ImageFile, open_image
from hooke.io.arrays import Samples, image_of_array
from hooke.io.axes import Layout
from hooke.io.lazy_plane import LazyPlane
from hooke.io.levels import Region
from hooke.io.named_dimensions import channel_names, named_axes
from hooke.io.numpy_files import file_of_array
from hooke.io.raster import read_picture
from hooke.pipeline.given_sizes import with_pixel_size, with_z_step
from hooke.pipeline.memory import check_job, check_plane
from hooke.pipeline.options import SegmentOptions
from hooke.pipeline.stitching import check_depth

Source = NDArray[np.generic] | Image | ImageFile | PIL.Image.Image | str | Path


def image_of_source(
    source: Source, axes: str | None = None, max_memory: int | None = None, options: SegmentOptions | None = None
) -> Image:
    """Make the image to segment; of a stack the first plane, with a note that says so.

    Parameters
    ----------
    source : ndarray, Image, ImageFile, PIL.Image.Image, str or Path
    axes : str, optional
        One letter per dimension of an array or file.
    max_memory : int, optional
        Bytes that segmenting a file may take; three quarters of what is free when not given.
    options : SegmentOptions, optional
        Say which scene, level and region of a file.

    Raises
    ------
    HookeError
        When a file can't be read or needs more memory, an array is not an image, or its axes are uncertain.
    """
    options = options or SegmentOptions()
    if isinstance(source, str | Path):
        file = open_image(source, axes=axes, scene=options.scene, level=options.level, max_memory=max_memory)
        return _first_plane(file, options.parsed_region)
    if options.scene is not None or options.level or options.region is not None:
        raise ConfigError("scene, level and region are for paths of files", remedy="cut the array before")
    if isinstance(source, Image | ImageFile | PIL.Image.Image):
        if axes is not None:
            raise ConfigError("axes are for arrays and paths of files", remedy="leave them out")
        if isinstance(source, ImageFile):
            return _first_plane(source)
        return read_picture(source) if isinstance(source, PIL.Image.Image) else _checked(source)
    image, layout = image_of_array(_array(source), axes or named_axes(source))
    if len(names := channel_names(source)) == image.channels and not image.is_rgb:
        image = replace(image, channel_names=names)
    return _with_notes(image, _plane_note(layout)) if layout.stack_axes else image


def stack_of_source(
    source: Source, axes: str | None = None, max_memory: int | None = None, options: SegmentOptions | None = None
) -> ImageFile:
    """Make the stack whose planes are segmented; see `image_of_source`.

    Raises
    ------
    HookeError
        Also when it has no axis ``Z``.
    """
    options = options or SegmentOptions()
    if isinstance(source, str | Path):
        file = open_image(source, axes=axes, scene=options.scene, level=options.level, max_memory=max_memory)
        if options.parsed_region is None:
            check_job(file, file.max_memory)
    elif options.scene is not None or options.level:
        raise ConfigError("scene and level are for paths of files", remedy="leave them out")
    elif isinstance(source, ImageFile):
        file = source
    elif isinstance(source, Image | PIL.Image.Image):
        raise ConfigError("an image of one plane has no depth", remedy="give an array with its axes, or a file")
    else:
        file = file_of_array(_array(source), axes or named_axes(source))
        if file.plane_shape[2:] == (len(names := channel_names(source)),) and not file.is_rgb:
            file = replace(file, channel_names=names)
    check_depth(file.axes, options.stitch, file.path if isinstance(source, str | Path) else None)
    return with_z_step(with_pixel_size(file, options.pixel_size), options.z_step)


def _array(source: object) -> NDArray[np.generic]:
    """Numbers of anything that NumPy takes for an array; masked ones become NaN."""
    if isinstance(source, np.ma.MaskedArray):
        wide = np.float64 if source.dtype.itemsize > 2 else np.float32
        return np.asarray(np.ma.filled(source.astype(wide), np.nan)) if np.ma.is_masked(source) else source.data
    if isinstance(source, list | tuple) and any(isinstance(part, str | Path | Image) for part in source):
        raise ConfigError("a list is not an image", remedy="call segment for each, or run hooke segment on the files")
    try:
        array = np.asarray(source)
    except Exception as error:  # lists of unlike lengths, tensors on another device...
        text = " ".join(str(error).split())[:120]
        raise ConfigError(f"{type(source).__name__} is not an array ({text})", remedy="give a NumPy array") from error
    if array.ndim == 0:
        hint = ", as cv2.imread gives it for a file that it can't read," if source is None else ""
        cause = f"{type(source).__name__}{hint} is not an image"
        raise ConfigError(cause, remedy="give the path of a file, or an array of shape (Y, X) or (Y, X, C)")
    if array.dtype.kind not in "uifbc":
        raise ConfigError(
            f"an array of shape {array.shape} and type {array.dtype} is not an image",
            remedy="give numbers of shape (Y, X) or (Y, X, C)",
        )
    return array


def _checked(image: Image) -> Image:
    """Refuse an image whose pixels are not (Y, X) or (Y, X, C); drop its alpha."""
    pixels = image.pixels
    height, width = pixels.shape[:2] if pixels.ndim in (2, 3) else (0, 0)
    leads_with_channels = pixels.ndim == 3 and height <= 4 < pixels.shape[2] and pixels.shape[2] * 4 > width
    if min(height, width) < 2 or pixels.dtype.kind not in "uifb" or leads_with_channels:
        raise ImageReadError(
            f"its pixels have the shape {pixels.shape} and the type {pixels.dtype}",
            path=image.path or image.name,
            remedy="give an Image numbers of shape (Y, X) or (Y, X, C), both sides at least 2; of another order give "
            "segment the array and its axes",
        )
    if image.channels not in (2, 4) or image.channel_names:
        return image
    samples = Samples.of_plane(pixels, "YXC", explicit=False)
    return replace(image, pixels=samples.keep(pixels), is_rgb=samples.is_rgb) if samples.has_alpha else image


def _first_plane(file: ImageFile, region: Region | None = None) -> Image:
    if region is None:
        check_job(file, file.max_memory)
        image = file.plane(0)
    else:
        plane = LazyPlane(file, 0, region)
        check_plane(plane, file.max_memory)
        image = plane.image()
    if len(file) > 1:
        note = (
            f"only plane 1 of a stack of {len(file)} ({_sizes(file.axes, file.stack_shape)}) was segmented; for the "
            "others: hooke.segment(hooke.read_image(file, plane=1)) and so on, or the command hooke segment, which "
            "takes all"
        )
        image = _with_notes(image, note + (_CHANNELS_HINT if file.axes == "I" else ""))
    return image


_CHANNELS_HINT = '; if they are channels of one image, give axes="CYX"'


def _plane_note(layout: Layout) -> str:
    count = int(np.prod(layout.stack_shape))
    return (
        f"only plane 1 of a stack of {count} ({_sizes(layout.stack_axes, layout.stack_shape)}) was segmented; give "
        "hooke.segment the others one by one"
    )


def _sizes(axes: str, shape: Sequence[int]) -> str:
    return ", ".join(f"{axis} {size}" for axis, size in zip(axes, shape, strict=True))


def _with_notes(image: Image, note: str) -> Image:
    return replace(image, notes=(*image.notes, note))
