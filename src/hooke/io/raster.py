"""Reads PNG, JPEG, BMP, GIF, WebP, PNM and JPEG 2000.

By Pillow, except colour PNGs of 16 bits, which Pillow cuts to 8 and imagecodecs doesn't. Grey pictures are (Y, X),
colour ones (Y, X, 3); alpha is dropped, palettes and CMYK become RGB (a grey palette becomes grey), animations are a
stack ``T``. The orientation that a camera notes in EXIF is obeyed: rows and columns are those of the picture as viewers
show it. Dots per inch are a pixel size where they are a microscope's, and a print size otherwise.
"""

from __future__ import annotations

import struct
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import imagecodecs
import numpy as np
import PIL.Image
from numpy.typing import NDArray

from hooke.errors import ImageReadError
from hooke.image import Image
from hooke.io.axes import given_layout, stored_layout
from hooke.io.formats import result_stem
from hooke.io.image_file import ImageFile
from hooke.io.opacity import drop_opacity
from hooke.io.orientation import orient, orientation_note, picture_orientation, swaps_sides
from hooke.io.print_size import UM_PER_INCH, microscope_size
from hooke.limits import check_promise

# Larger pictures don't fit in a laptop's memory in these formats, which can't be read in part. Pillow's own limit
# (0.18 gigapixels) is below an everyday stitched image and is lifted while a file is opened.
MAX_PIXELS = 2_000_000_000

# How many bytes of pixels one byte of a file can become; of WebP and JPEG 2000, which know no bound, what an image
# with something on it stays well below.
_EXPANSION = {"PNG": 1032, "JPEG": 1100, "GIF": 1400, "BMP": 512, "DIB": 512, "PPM": 8, "WEBP": 5000, "JPEG2000": 5000}
_EXPANSION["MPO"] = _EXPANSION["JPEG"]  # what Pillow calls a JPEG with further pictures behind the first
_SMALLEST_FRAME = 16  # bytes of a file for a frame of an animation

_COPY_AGAIN = "copy or export it again"

# Pillow's names; its plugins for the last two are loaded, and looked for, only where a file needs them.
_FORMATS = ("PNG", "JPEG", "BMP", "DIB", "GIF", "PPM")
_RARE_FORMATS = {b"RIFF": ("WEBP",), b"\x00\x00\x00\x0c": ("JPEG2000",), b"\xff\x4f\xff\x51": ("JPEG2000",)}
_ANIMATED = ("PNG", "GIF", "WEBP")
_PILLOW_LIMIT = threading.Lock()

# Pillow's mode -> the mode to read pixels in; alpha bands are cut off afterwards.
_READ_AS = {"LA": "LA", "La": "LA", "CMYK": "RGB", "YCbCr": "RGB", "LAB": "RGB", "HSV": "RGB", "RGBa": "RGBA"}


def open_raster(path: Path, axes: str | None = None, *, raw: bool = False) -> ImageFile:
    """Open a picture file.

    Parameters
    ----------
    path : Path
        The file.
    axes : str, optional
        One letter per dimension, for a check: ``"YX"`` for grey, ``"YXS"`` for colour, ``"T..."`` for an animation.
    raw : bool
        Whether a palette's indices are wanted instead of its colours, as in a label image.

    Raises
    ------
    ImageReadError
        If it is damaged, or larger than `MAX_PIXELS`. Truncated pixels show when a plane is read.
    """
    with _opened(path) as picture:
        mode = _mode(picture, raw=raw)
        orientation = picture_orientation(picture, path)
        height, width = picture.size if swaps_sides(orientation) else picture.size[::-1]
        size = _pixel_size_um(picture, swapped=swaps_sides(orientation))
        deep = _bands_of_deep_colour(path) if picture.format == "PNG" else 0
        frames = getattr(picture, "n_frames", 1) if picture.format in _ANIMATED and not deep else 1
        views = _further_views(picture) if picture.format == "MPO" else ()
        if frames > max(path.stat().st_size // _SMALLEST_FRAME, 1):
            raise ImageReadError(f"damaged: its header promises {frames} frames", path=path, remedy=_COPY_AGAIN)
        sample = {"F": 4, "I": 4}.get(mode, 2 if deep or mode.startswith("I;") else 1)
        bands = max(deep, len(picture.getbands()), PIL.Image.getmodebands(mode))
    is_grey = deep == 2 or (not deep and (mode in ("1", "L", "P", "LA", "F") or mode.startswith("I")))
    layout = stored_layout("TYXS", (frames, height, width, 1 if is_grey else 3), path)
    if axes:
        layout = given_layout(axes, [layout.shape], path)

    def read(position: Mapping[str, int]) -> NDArray[np.generic]:
        frame = next(iter(position.values()), 0)
        pixels = _read_deep_colour(path) if deep else _read_frame(path, frame, mode)
        return orient(_without_alpha(pixels), orientation)

    return ImageFile(
        path=path,
        name=result_stem(path),
        axes=layout.stack_axes,
        stack_shape=layout.stack_shape,
        plane_shape=layout.plane_shape,
        pixel_size_um=size,
        is_rgb=not is_grey,
        notes=orientation_note(orientation) + views,
        orientation=orientation,
        read_bytes=height * width * bands * sample,
        read=read,
    )


def _further_views(picture: PIL.Image.Image) -> tuple[str, ...]:
    """Say that a JPEG holds other pictures of its size, as of a stereo camera; small ones are for a screen."""
    size, others = picture.size, 0
    for frame in range(1, getattr(picture, "n_frames", 1)):
        picture.seek(frame)
        others += picture.size == size
    picture.seek(0)
    return (
        (f"only the first of {others + 1} pictures in the file was read: save the others by themselves",)
        if others
        else ()
    )


def read_picture(picture: PIL.Image.Image) -> Image:
    """Make an image of a picture that Pillow holds, as of the same picture in a file.

    Raises
    ------
    ImageReadError
        If its pixels are missing or damaged, or it is a line.
    """
    known = dict(picture.info)
    try:
        orientation = picture_orientation(picture)
        pixels = _without_alpha(_pixels(picture, _mode(picture, raw=False)))
    except Exception as error:
        raise ImageReadError(f"damaged picture ({error})", remedy="give the file's path, or an array") from error
    finally:
        picture.info.update(known)
    stored_layout("YXS", (*pixels.shape[:2], 1 if pixels.ndim == 2 else pixels.shape[2]), None)
    return Image(orient(pixels, orientation), is_rgb=pixels.ndim == 3, notes=orientation_note(orientation))


def _pixel_size_um(picture: PIL.Image.Image, *, swapped: bool) -> tuple[float, float] | None:
    """Height and width of a pixel in micrometres, where the dots per inch are a microscope's."""
    try:
        width, height = (UM_PER_INCH / float(dots) for dots in picture.info["dpi"])
    except (KeyError, TypeError, ValueError, ZeroDivisionError):
        return None
    return microscope_size((width, height) if swapped else (height, width))


@contextmanager
def _opened(path: Path) -> Iterator[PIL.Image.Image]:
    """Open by Pillow; everything it can raise on a damaged file becomes an `ImageReadError`."""
    try:
        with _pillow_open(path) as picture:
            decoded = picture.width * picture.height * len(picture.getbands())
            check_promise(decoded, path.stat().st_size, _EXPANSION[str(picture.format)], path)
            if picture.width * picture.height > MAX_PIXELS:
                raise ImageReadError(
                    f"is {picture.height} x {picture.width} pixels, more than this format can be read with",
                    path=path,
                    remedy="save it as tiled OME-TIFF, or cut it into parts",
                )
            yield picture
    except ImageReadError:
        raise
    except MemoryError as error:
        remedy = "close other programs, or cut the image into parts"
        raise ImageReadError("needs more memory than there is", path=path, remedy=remedy) from error
    except Exception as error:  # Pillow's plugins raise nearly anything: SyntaxError, struct.error, IndexError...
        raise _damaged(path, error) from error


def _pillow_open(path: Path) -> PIL.Image.Image:
    """Open without Pillow's limit on pixels, which is a global of its module."""
    with path.open("rb") as file:
        formats = _RARE_FORMATS.get(file.read(4), _FORMATS)
    with _PILLOW_LIMIT:
        limit, PIL.Image.MAX_IMAGE_PIXELS = PIL.Image.MAX_IMAGE_PIXELS, None
        try:
            return PIL.Image.open(path, formats=formats)
        finally:
            PIL.Image.MAX_IMAGE_PIXELS = limit


def _damaged(path: Path, error: Exception) -> ImageReadError:
    """Tell a cut file from one that is broken otherwise."""
    text = str(error).replace(str(path), "the file")
    if "truncated" in text.lower() or isinstance(error, EOFError):
        return ImageReadError("the file is truncated: pixels are missing", path=path, remedy=_COPY_AGAIN)
    if isinstance(error, PIL.UnidentifiedImageError):
        text = "its header can't be read"
    return ImageReadError(f"damaged image ({text})", path=path, remedy=_COPY_AGAIN)


def _mode(picture: PIL.Image.Image, *, raw: bool) -> str:
    """Pillow mode in which to read the pixels."""
    if picture.mode in ("P", "PA"):
        return "P" if raw else _mode_of_palette(picture)
    return _READ_AS.get(picture.mode, picture.mode)


def _mode_of_palette(picture: PIL.Image.Image) -> str:
    """``L`` where every palette entry is grey, ``RGB`` otherwise."""
    palette = np.array(picture.getpalette("RGB") or [], dtype=np.uint8).reshape(-1, 3)
    return "L" if len(palette) and (palette == palette[:, :1]).all() else "RGB"


def _read_frame(path: Path, frame: int, mode: str) -> NDArray[np.generic]:
    """Decode one frame, (Y, X) or (Y, X, bands)."""
    with _opened(path) as picture:
        if frame:
            picture.seek(frame)
        return _pixels(picture, mode)


def _pixels(picture: PIL.Image.Image, mode: str) -> NDArray[np.generic]:
    """Pixels of an open picture in a mode."""
    picture.load()
    picture.info.pop("transparency", None)  # else a palette with transparency warns
    pixels = np.array(picture if picture.mode == mode else picture.convert(mode))
    if pixels.dtype == np.int32 and picture.format in ("PNG", "PPM"):
        # Pillow's mode "I" stands for 16-bit grey in these formats.
        return pixels.astype(np.uint16)
    return pixels.astype(pixels.dtype.newbyteorder("="), copy=False)


def _bands_of_deep_colour(path: Path) -> int:
    """Bands of a PNG that has two or more of 16 bits each, else 0 (header: bit depth, colour type)."""
    with path.open("rb") as file:
        depth, colour = struct.unpack_from("BB", file.read(32), 24)
    return {2: 3, 4: 2, 6: 4}.get(colour, 0) if depth == 16 else 0


def _read_deep_colour(path: Path) -> NDArray[np.generic]:
    """Decode a colour PNG of 16 bits."""
    try:
        pixels: NDArray[np.generic] = imagecodecs.png_decode(path.read_bytes())
    except Exception as error:
        # libpng says "Read Error" where its input ends too soon.
        raise _damaged(path, EOFError() if "read error" in str(error).lower() else error) from error
    return pixels


def _without_alpha(pixels: NDArray[np.generic]) -> NDArray[np.generic]:
    """Drop the fourth band of colour, and the second of grey."""
    if pixels.ndim == 3 and pixels.shape[2] in (2, 4):
        pixels = drop_opacity(pixels)
    return np.ascontiguousarray(pixels[:, :, 0]) if pixels.ndim == 3 and pixels.shape[2] == 1 else pixels
