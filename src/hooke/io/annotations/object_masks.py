"""Reads and writes one binary mask per object, as the Data Science Bowl 2018 has them: pictures in a zip or a folder.

::

    NAME.zip
      masks/NAME_0001.png      8 bit, of the size of the image: 255 inside of the object, 0 outside
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

import imagecodecs
import numpy as np
from numpy.typing import NDArray
from PIL import Image as Picture

from hooke.errors import DatasetError, OutputError
from hooke.io.annotations.annotated_plane import STORED_TIME, AnnotatedPlane
from hooke.io.annotations.zip_entries import visible_entries
from hooke.io.atomic import atomic_path
from hooke.io.find import natural_key
from hooke.labels.labelled_image import LabelledImage
from hooke.labels.painter import Mask
from hooke.limits import check_memory, check_promise

MASK_SUFFIXES = (".png", ".tif", ".tiff")
REMEDY = "write the masks again, one picture per object"
_MOST_PIXELS = 20_000_000_000  # of all masks together: about a minute, and a zip that others still open
_EXPANSION = 1100  # bytes that one byte of a png can become
_FOLDER = "masks/"


def write_masks(path: Path, plane: AnnotatedPlane) -> None:
    """Write a zip of one PNG per object.

    Raises
    ------
    OutputError
        If the file can't be written, or its masks would fill the disk.
    """
    labels = plane.labels
    if len(plane.ids) * labels.size > _MOST_PIXELS:
        cause = f"{len(plane.ids)} masks of {labels.shape[0]} x {labels.shape[1]} pixels are too many"
        raise OutputError(cause, path=path, remedy="write run lengths (rle) or COCO's json (coco), which are small")
    with atomic_path(path) as part, zipfile.ZipFile(part, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr(zipfile.ZipInfo(_FOLDER, STORED_TIME), b"")
        for label in plane.ids:
            mask = np.where(labels == label, np.uint8(255), np.uint8(0))
            name = f"{_FOLDER}{plane.name}_{plane.numbered(label)}.png"
            archive.writestr(zipfile.ZipInfo(name, STORED_TIME), imagecodecs.png_encode(mask, level=1))


def holds_masks(path: Path) -> bool:
    """Whether a zip holds pictures, or the empty folder of an image without objects."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = [entry.filename for entry in visible_entries(archive)]
            return names == [_FOLDER] or any(name.lower().endswith(MASK_SUFFIXES) for name in names)
    except (OSError, zipfile.BadZipFile, NotImplementedError):
        return False


def read_masks(path: Path, shape: tuple[int, ...] | None = None) -> LabelledImage:
    """Join the masks of a zip, or of a folder, in the order of their names; a pixel in several goes to the smallest.

    Parameters
    ----------
    path : Path
        Nothing is unpacked to the disk, so that no name in a zip leads anywhere.
    shape : (int, int), optional
        Height and width of the image, for one without masks.

    Raises
    ------
    DatasetError
        If a mask can't be read, masks differ in size, or there is none.
    """
    masks: list[Mask] = []
    size = shape
    for name, data in _pictures(path):
        pixels = _decoded(path, name, data)
        if size is not None and pixels.shape != size:
            others = f"{size[0]} x {size[1]}"
            cause = f"{name} has {pixels.shape[0]} x {pixels.shape[1]} pixels, its image or other masks {others}"
            raise DatasetError(cause, path=path, remedy="keep masks of one image only")
        size = pixels.shape
        masks.append(Mask.crop(pixels, name=name))
    if size is None:
        remedy = f"{REMEDY}; an image without objects has none: give its label image"
        raise DatasetError("holds no mask", path=path, remedy=remedy)
    return LabelledImage.from_masks(masks, size)


def _pictures(path: Path) -> Iterator[tuple[str, bytes]]:
    """Names and contents of the masks, in the order of their names, each read when it is its turn."""
    try:
        if path.is_dir():
            for file in sorted(path.iterdir(), key=natural_key):
                if file.suffix.lower() in MASK_SUFFIXES and not file.name.startswith("."):
                    yield file.name, file.read_bytes()
            return
        with zipfile.ZipFile(path) as archive:
            for entry in sorted(visible_entries(archive), key=lambda entry: natural_key(Path(entry.filename))):
                if entry.filename.lower().endswith(MASK_SUFFIXES):
                    check_memory(entry.file_size, path, error=DatasetError)
                    yield ascii(entry.filename)[1:-1], archive.read(entry)
    except DatasetError:
        raise
    except Exception as error:  # zipfile: BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError...
        raise DatasetError(f"damaged file ({error})", path=path, remedy=REMEDY) from error


def _decoded(path: Path, name: str, data: bytes) -> NDArray[np.bool_]:
    """Decode one mask; everything that is not 0 is inside."""
    try:
        with Picture.open(io.BytesIO(data)) as picture:
            width, height = picture.size
            check_promise(width * height, len(data), _EXPANSION, path, what=name, error=DatasetError)
            check_memory(4 * width * height, path, error=DatasetError)
            pixels = np.asarray(picture)
    except DatasetError:
        raise
    except Exception as error:  # Pillow raises many types, as the damaged part has it
        raise DatasetError(f"{name} is not a picture ({error})", path=path, remedy=REMEDY) from error
    return np.asarray(pixels.reshape(height, width, -1).any(axis=2), np.bool_)
