"""Turns pixels by the orientation tag of EXIF and TIFF, so that rows and columns are those of the displayed image.

A camera, a scanner or a viewer that rotates writes the stored pixels as they are and notes in tag 274 which way is
up. hooke obeys it in all eight values, as viewers and annotation tools do.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import PIL.Image
from numpy.typing import NDArray

ORIENTATION_TAG = 274
_PNG = b"\x89PNG\r\n\x1a\n"
_LARGEST_EXIF = 2**20  # bytes


def valid_orientation(value: object) -> int:
    """An orientation tag's value, 1..8; 1 (as stored) for anything else."""
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def swaps_sides(orientation: int) -> bool:
    """Whether rows of the stored pixels are columns of the picture."""
    return orientation >= 5


def orient(pixels: NDArray[np.generic], orientation: int) -> NDArray[np.generic]:
    """Turn stored pixels into those of the shown picture.

    Parameters
    ----------
    pixels : ndarray, shape (Y, X) or (Y, X, C)
    orientation : int
        1..8, as EXIF and TIFF define them.

    Returns
    -------
    ndarray
        A contiguous array of the same type; (X, Y[, C]) for 5 to 8.

    Examples
    --------
    >>> orient(np.array([[1, 2], [3, 4], [5, 6]]), 6).tolist()
    [[5, 3, 1], [6, 4, 2]]
    """
    turned = pixels.swapaxes(0, 1) if swaps_sides(orientation) else pixels
    if orientation in (3, 4, 7, 8):
        turned = turned[::-1]
    if orientation in (2, 3, 6, 7):
        turned = turned[:, ::-1]
    return np.ascontiguousarray(turned)


def orientation_note(orientation: int) -> tuple[str, ...]:
    """What the user of a turned picture should know; empty for one that is stored upright."""
    if orientation == 1:
        return ()
    return (
        f"turned as its orientation tag ({orientation}) says: labels and coordinates fit the picture as viewers show "
        "it, and not as programs that ignore the tag do",
    )


def picture_orientation(picture: PIL.Image.Image, path: Path | None = None) -> int:
    """Orientation of an open picture, by its EXIF or XMP.

    Parameters
    ----------
    picture : PIL.Image.Image
    path : Path, optional
        The file, where there is one: Pillow would decode a whole PNG to learn that it has no EXIF.
    """
    try:
        if path is None or picture.format != "PNG":
            exif = picture.getexif()
        else:
            if "exif" not in picture.info and (chunk := _png_exif(path)):
                picture.info["exif"] = chunk
            exif = PIL.Image.Image.getexif(picture)  # a PNG's own would decode all pixels to look behind them
        return valid_orientation(exif.get(ORIENTATION_TAG))
    except Exception:  # a damaged EXIF fails in many ways, and says nothing of the pixels
        return 1


def _png_exif(path: Path) -> bytes:
    """EXIF of a PNG, which may lie behind the pixels; empty where there is none."""
    with path.open("rb") as file:
        file.seek(len(_PNG))
        while len(head := file.read(8)) == 8:
            length, kind = int.from_bytes(head[:4], "big"), head[4:]
            if kind == b"eXIf" and length <= _LARGEST_EXIF:
                return file.read(length)
            file.seek(length + 4, 1)
    return b""
