"""Writes label images and pictures to files, and reads label images.

A label image is written as OME-TIFF, zlib-compressed in strips. OME-TIFF rather than ImageJ's own dialect because that
knows no 32-bit integers; Fiji (with and without Bio-Formats), QuPath, napari and tifffile all open it, with axes and
pixel size (in the XML, and in the resolution tags for readers that know no OME). Ids are uint16 where all fit, else
int32.
"""

from __future__ import annotations

import hashlib
import itertools
import math
import mmap
import uuid
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import imagecodecs
import numpy as np
import tifffile
from numpy.typing import ArrayLike, NDArray

from hooke.errors import ImageReadError
from hooke.io.atomic import atomic_path
from hooke.io.formats import sniff
from hooke.io.image_file import ImageFile
from hooke.io.numpy_files import open_npy
from hooke.io.raster import open_raster
from hooke.io.tiff import open_tiff
from hooke.labels.packed_planes import PackedPlanes
from hooke.limits import check_memory

_UINT16_MAX = int(np.iinfo(np.uint16).max)
_INT32_MAX = int(np.iinfo(np.int32).max)
CLASSIC_TIFF_BYTES = 2**32 - 2**25
# Stands in the OME-XML until the file is whole: tifffile's own UUID holds the time and the machine's network address.
NO_UUID = "00000000-0000-5000-8000-686f6f6b6520"
_OME_STACK_AXES = "TZC"
# Twice as fast as zlib's default on label images, for a few percent more bytes.
LABEL_COMPRESSION = 4
# Overlays are written by the hundred: 1 takes a fifth of the time of the default 6 for about the same size.
_PNG_COMPRESSION = 1


def write_labels(
    path: str | Path,
    planes: Iterable[NDArray[np.integer]],
    *,
    axes: str = "",
    shape: Sequence[int] = (),
    pixel_size_um: tuple[float, float] | None = None,
    z_step_um: float | None = None,
    time_step_s: float | None = None,
    max_label: int | None = None,
) -> None:
    """Write a label image, or a stack of them, as a compressed OME-TIFF; equal labels give equal bytes.

    Parameters
    ----------
    path : str or Path
        The file; replaced if there. Missing folders are made.
    planes : iterable of ndarray, shape (Y, X), integer
        Label images of one shape, last stack axis fastest. A generator is drawn from one plane at a time.
    axes : str
        Letters of the stack's axes, as `ImageFile.axes`. One that OME lacks (``I``, ``P``) becomes the first of T, Z
        and C that is free.
    shape : sequence of int
        Length of each stack axis; empty for a single image.
    pixel_size_um : (float, float), optional
        Height and width of a pixel in micrometres.
    z_step_um, time_step_s : float, optional
        Distance of a stack's planes in micrometres and time between them in seconds; of no use without ``Z`` or ``T``
        among the axes.
    max_label : int, optional
        An upper limit of all ids, which decides the type before the first plane comes. Without it, planes of a stack
        wait compressed in memory (about a hundredth of their size) until the largest id is known.

    Raises
    ------
    OutputError
        If the file can't be written.
    ValueError
        If axes and shape differ in length, the number of planes is not that of the shape, planes differ in shape, or
        an id is beyond `max_label`.
    """
    if len(axes) != len(shape):
        raise ValueError(f"axes {axes!r} and shape {tuple(shape)} differ in length")
    source = _held(planes) if max_label is None else _Planes(iter(planes), max_label)
    first = next(source.planes, None)
    if first is None:
        raise ValueError("no plane to write")
    full = (*shape, *first.shape)
    dtype = label_type(source.max_label)
    with atomic_path(path) as part:
        with _tiff_writer(part, math.prod(full) * dtype.itemsize) as writer:
            writer.write(
                _counted(first, source, math.prod(shape), dtype),
                shape=full,
                dtype=dtype,
                photometric="minisblack",
                compression="zlib",
                compressionargs={"level": LABEL_COMPRESSION},
                metadata={
                    "axes": _ome_axes(axes) + "YX",
                    "UUID": NO_UUID,
                    **physical_size(pixel_size_um),
                    **_steps(axes, z_step_um, time_step_s),
                },
                resolution=per_centimetre(pixel_size_um),
                resolutionunit=None if pixel_size_um is None else "CENTIMETER",
            )
            if next(source.planes, None) is not None:
                raise ValueError(f"more than the {math.prod(shape)} planes that the shape has")
        identify_by_content(part)


def read_labels(path: str | Path, *, axes: str | None = None) -> NDArray[np.int32]:
    """Read a label image.

    Parameters
    ----------
    path : str or Path
        A TIFF, PNG (8 or 16 bit, or a palette whose indices are the ids) or .npy file. Whole numbers stored as float
        are taken.
    axes : str, optional
        One letter per dimension, where the file states none.

    Returns
    -------
    ndarray, shape (Y, X) or (..., Y, X), int32
        0 is background. A stack keeps its axes of length 2 or more in front, channels among them.

    Raises
    ------
    ImageReadError
        If the file can't be read, is a colour picture, or holds negative, fractional or too large ids.
    """
    path = Path(path)
    file = _open_raw(path, axes)
    _check_one_channel(file)
    # All ids, and those of the plane in work, in the file's type and in that of ids.
    check_memory(4 * (len(file) + 1) * math.prod(file.plane_shape) + 3 * file.read_bytes, path)
    labels = np.empty((len(file), *file.plane_shape), np.int32)
    for index, plane in enumerate(file):
        labels[index] = _ids(plane.pixels, path, file.dtype)
    return labels.reshape(*file.stack_shape, *file.plane_shape)


class LabelPlanes(Sequence[NDArray[np.int32]]):
    """The planes of a file of label images, read one at a time.

    Parameters
    ----------
    path : str or Path
        As `read_labels` takes it.
    axes : str, optional
        One letter per dimension, where the file states none.

    Attributes
    ----------
    file : ImageFile
        Axes, sizes and steps.

    Raises
    ------
    ImageReadError
        If the file can't be read or is a colour picture; a plane, if it holds negative, fractional or too large ids.
    """

    def __init__(self, path: str | Path, *, axes: str | None = None) -> None:
        self.file = _open_raw(Path(path), axes)
        _check_one_channel(self.file)

    def __len__(self) -> int:
        return len(self.file)

    def __getitem__(self, index: int) -> NDArray[np.int32]:  # type: ignore[override]
        if not -len(self) <= index < len(self):
            raise IndexError(index)
        return _ids(self.file.plane(index % len(self)).pixels, self.file.path, self.file.dtype)


def write_png(path: str | Path, rgb: NDArray[np.uint8]) -> None:
    """Write a picture as PNG.

    Parameters
    ----------
    path : str or Path
        The file; replaced if there. Missing folders are made.
    rgb : ndarray, shape (Y, X, 3) or (Y, X), uint8
        Colours, or grey values.

    Raises
    ------
    OutputError
        If the file can't be written.
    """
    if rgb.dtype != np.uint8:
        raise ValueError(f"a picture is uint8, not {rgb.dtype}")
    with atomic_path(path) as part:
        part.write_bytes(imagecodecs.png_encode(np.ascontiguousarray(rgb), level=_PNG_COMPRESSION))


def label_type(max_label: int) -> np.dtype[np.generic]:
    """Type of a label file: 16 bits where all ids fit."""
    return np.dtype(np.uint16 if max_label <= _UINT16_MAX else np.int32)


class _Planes:
    """Planes to come, and a bound on their ids."""

    def __init__(self, planes: Iterator[NDArray[np.integer]], max_label: int) -> None:
        self.planes = planes
        self.max_label = max_label


def _held(planes: Iterable[NDArray[np.integer]]) -> _Planes:
    """Draw all planes, compressed where there is more than one, to learn the largest id."""
    drawn = iter(planes)
    first = next(drawn, None)
    second = next(drawn, None)
    if first is None or second is None:
        found = [] if first is None else [first]
        return _Planes(iter(found), max((_largest(plane) for plane in found), default=0))
    largest, packed = 0, PackedPlanes()
    for plane in itertools.chain([first, second], drawn):
        largest = max(largest, _largest(plane))
        packed.append(plane)
    return _Planes(iter(packed), largest)


def _counted(
    first: NDArray[np.integer], source: _Planes, planes: int, dtype: np.dtype[np.generic]
) -> Iterator[NDArray[np.generic]]:
    """Planes in the type of the file; enough of them, of one shape and with such ids as was said, or a ValueError."""
    seen = 0
    for plane in itertools.chain([first], source.planes):
        if plane.shape != first.shape:
            raise ValueError(f"planes differ in shape: {first.shape} and {plane.shape}")
        if _largest(plane) > source.max_label:
            raise ValueError(f"label {_largest(plane)} is beyond the largest announced, {source.max_label}")
        seen += 1
        yield plane.astype(dtype)
    if seen < planes:
        raise ValueError(f"{seen} planes where the shape has {planes}")


def _largest(plane: ArrayLike) -> int:
    """Largest id of a plane."""
    return int(np.max(plane, initial=0))


def _tiff_writer(path: Path, size: int) -> tifffile.TiffWriter:
    """Writer of OME-TIFF; BigTIFF only where it may be needed, since plain ImageJ doesn't read it."""
    return tifffile.TiffWriter(path, ome=True, bigtiff=size > CLASSIC_TIFF_BYTES)


def identify_by_content(path: Path) -> None:
    """Give an OME-TIFF a UUID that its content decides."""
    with path.open("r+b") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        with mmap.mmap(file.fileno(), 0) as content:
            start = content.find(NO_UUID.encode())
            content[start : start + len(NO_UUID)] = str(uuid.UUID(digest[:32], version=5)).encode()


def _ome_axes(axes: str) -> str:
    """Stack axes in OME's letters."""
    free = [letter for letter in _OME_STACK_AXES if letter not in axes]
    if len(axes) > len(_OME_STACK_AXES):
        raise ValueError(f"a label file has at most {len(_OME_STACK_AXES)} stack axes, not {axes!r}")
    return "".join(letter if letter in _OME_STACK_AXES else free.pop(0) for letter in axes)


def physical_size(pixel_size_um: tuple[float, float] | None) -> dict[str, float | str]:
    """Pixel size in OME's terms."""
    if pixel_size_um is None:
        return {}
    height, width = pixel_size_um
    return {
        "PhysicalSizeY": height,
        "PhysicalSizeYUnit": "µm",
        "PhysicalSizeX": width,
        "PhysicalSizeXUnit": "µm",
    }


def _steps(axes: str, z_step_um: float | None, time_step_s: float | None) -> dict[str, float | str]:
    """Steps between planes in OME's terms."""
    steps: dict[str, float | str] = {}
    if z_step_um is not None and "Z" in axes:
        steps |= {"PhysicalSizeZ": z_step_um, "PhysicalSizeZUnit": "µm"}
    if time_step_s is not None and "T" in axes:
        steps |= {"TimeIncrement": time_step_s, "TimeIncrementUnit": "s"}
    return steps


def per_centimetre(pixel_size_um: tuple[float, float] | None, step: int = 1) -> tuple[float, float] | None:
    """Pixel size in TIFF's terms: pixels per centimetre, x before y; of an image of every n-th pixel."""
    return None if pixel_size_um is None else (1e4 / pixel_size_um[1] / step, 1e4 / pixel_size_um[0] / step)


def _open_raw(path: Path, axes: str | None) -> ImageFile:
    """Open for stored values: a palette's indices, nothing inverted."""
    kind = sniff(path)
    if kind == "tiff":
        return open_tiff(path, axes, raw=True)
    return open_npy(path, axes) if kind == "npy" else open_raster(path, axes, raw=True)


def _check_one_channel(file: ImageFile) -> None:
    """Refuse a colour picture."""
    if len(file.plane_shape) > 2:
        raise ImageReadError(
            f"has {file.plane_shape[2]} channels or colours: not a label image",
            path=file.path,
            remedy="save the ids as one channel of 16 or 32 bits (0 background, 1 to n objects)",
        )


def _ids(pixels: NDArray[np.generic], path: Path, stored: np.dtype[np.generic] | None) -> NDArray[np.int32]:
    """Ids of a plane as int32, or what is wrong with them; floats may be stored in fewer bits than they are read in."""
    remedy = "save whole numbers, 0 for background and 1 to n for objects"
    if pixels.dtype.kind == "f" and not (np.isfinite(pixels).all() and (pixels == np.floor(pixels)).all()):
        raise ImageReadError("holds fractions or NaN: not a label image", path=path, remedy=remedy)
    if pixels.dtype.kind != "b" and pixels.min() < 0:
        raise ImageReadError("holds negative ids: not a label image", path=path, remedy=remedy)
    if pixels.dtype.kind != "b" and pixels.max() > _INT32_MAX:
        raise ImageReadError(f"holds ids above {_INT32_MAX}", path=path, remedy="number the objects again from 1")
    kept = pixels.dtype if stored is None else stored
    if kept.kind == "f" and pixels.max() > (exact := 2 ** (np.finfo(kept.name).nmant + 1)):
        cause = f"holds ids above {exact} as {kept}, in which neighbouring ids are one"
        raise ImageReadError(cause, path=path, remedy="save whole numbers of 16 or 32 bits when they are made")
    return pixels.astype(np.int32)
