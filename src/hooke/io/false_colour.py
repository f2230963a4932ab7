"""Takes the intensities out of pictures that show one channel in a colour, as microscopes export them for the eye."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from hooke.errors import ImageReadError, readable
from hooke.io.image_file import ImageFile

# Of the brightness: what JPEG and rounding leave in colours that should be 0. Two stains of one picture differ by half.
_STRAY = 0.05


def as_one_channel(file: ImageFile) -> ImageFile:
    """Give a picture in one colour as a grey image, its brightest colour at each pixel, with a note.

    Parameters
    ----------
    file : ImageFile
        Planes (Y, X, C).

    Raises
    ------
    ImageReadError
        If it is not a picture in colour; later, where a plane is read that has more than one colour.
    """
    if not file.is_rgb:
        raise _not_one(file)

    def read(at: Mapping[str, int]) -> NDArray[np.generic]:
        return _brightness(file.read(at), file)

    def read_window(at: Mapping[str, int], rows: slice, columns: slice) -> NDArray[np.generic]:
        return _brightness(file.read_window(at, rows, columns), file)  # type: ignore[misc]

    note = f"{readable(file.path.name)} shows its channel in a colour, of which the brightness is taken"
    return replace(
        file,
        plane_shape=file.plane_shape[:2],
        is_rgb=False,
        channel_names=(),
        notes=(*file.notes, note),
        read=read,
        read_window=None if file.read_window is None else read_window,
    )


def _brightness(pixels: NDArray[np.generic], file: ImageFile) -> NDArray[np.generic]:
    """The brightest colour of each pixel, where all have the same hue."""
    colours = pixels[..., :3]
    brightest: NDArray[np.generic] = colours.max(axis=-1)
    total = float(np.sum(brightest, dtype=np.float64))
    for colour in np.moveaxis(colours, -1, 0) if total else ():
        share = float(np.sum(colour, dtype=np.float64)) / total
        stray = np.abs(colour.astype(np.float32) - share * brightest.astype(np.float32))
        if float(np.sum(stray, dtype=np.float64)) > _STRAY * total:
            raise _not_one(file)
    return brightest


def _not_one(file: ImageFile) -> ImageReadError:
    cause = f"holds {file.plane_shape[2]} channels, and is to be one"
    remedy = "export channels as grey images, or leave the files apart (--channels-from none)"
    return ImageReadError(cause, path=file.path, remedy=remedy)
