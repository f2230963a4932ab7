"""Recognises a file's format by content, lists known suffixes, and names programs that read what hooke doesn't."""

from __future__ import annotations

from pathlib import Path

from hooke.errors import ImageReadError
from hooke.io.readers import has_reader, how_to_read

SUPPORTED = "TIFF, OME-TIFF, OME-Zarr, PNG, JPEG, BMP, GIF, WebP, PNM, JPEG 2000, .npy, slides in TIFF"

# fmt: off
#: Of files that are TIFF inside.
TIFF_SUFFIXES = frozenset([
    ".tif", ".tiff", ".btf", ".tf8", ".lsm", ".stk", ".svs", ".svslide", ".ndpi", ".scn", ".bif", ".qptiff",
])
IMAGE_SUFFIXES = TIFF_SUFFIXES | {
    ".png", ".jpg", ".jpeg", ".jpe", ".bmp", ".dib", ".gif", ".webp", ".pgm", ".ppm", ".pnm", ".jp2", ".j2k", ".npy",
}
_MICROSCOPE_SUFFIXES = frozenset([
    ".czi", ".nd2", ".lif", ".lof", ".xlef", ".oib", ".oif", ".vsi", ".ims", ".dv", ".r3d", ".zvi", ".ics", ".ids",
    ".sld", ".flex", ".mrc", ".c01",
])
_WHOLE_SLIDE_SUFFIXES = frozenset([".mrxs", ".vms", ".vmu"])  # others are TIFF inside, and read as such
# fmt: on

#: Files of which the group of a zarr store has one: that of version 3, or that of version 2.
ZARR_MARKS = ("zarr.json", ".zgroup")

_NEVER_ADDED = frozenset(["", ".csv", ".json", ".txt", ".xml", ".html", ".md"])  # of most files beside images

_TO_OME_TIFF = "convert it to OME-TIFF with Bio-Formats (Fiji, bfconvert) or bioio"
# bioio-czi 3.0.1: img.save and dask_data give colour files with their first sample three times, img.data gives them
# as .czi stores them, blue first.
_CZI_TO_OME_TIFF = (
    "convert it to OME-TIFF with Bio-Formats (Fiji, bfconvert); with bioio take img.data, not img.save or dask_data, "
    "and of a file in colour img.data[..., ::-1], since .czi stores blue first"
)
_WHOLE_SLIDE = "it is a whole slide: export the region as OME-TIFF with QuPath, or convert it with bfconvert"
_N5 = "it is an N5 store: save it as OME-Zarr or OME-TIFF, for example with Fiji"
_NOT_ZARR = (
    "it is a zarr store without its metadata (zarr.json, .zgroup): copy all of it, or write it as OME-Zarr or OME-TIFF"
)
_ZARR_ARRAY = (
    "it is a zarr array alone, which says nothing of its axes: write it as OME-Zarr, or save the array as .npy"
)
_VIDEO = "it is a video: save its frames as a TIFF stack, for example with Fiji or ffmpeg"
_HDF5 = "it is an HDF5 container: save the array inside as TIFF or .npy with h5py"
_ARRAYS = "save the one array to segment as .npy or TIFF"
_VOLUME = "it is a medical volume: save its slices as TIFF with Fiji, nibabel or pydicom"
_OTHER_PICTURE = "save it as PNG or TIFF"

_SELDOM_IMAGES = (_HDF5, _ARRAYS)

_REMEDY_BY_SUFFIX = {
    **dict.fromkeys(_MICROSCOPE_SUFFIXES, _TO_OME_TIFF),
    ".czi": _CZI_TO_OME_TIFF,
    **dict.fromkeys(_WHOLE_SLIDE_SUFFIXES, _WHOLE_SLIDE),
    ".zarr": _NOT_ZARR,
    ".n5": _N5,
    **dict.fromkeys([".mp4", ".avi", ".mov", ".mkv", ".webm", ".wmv"], _VIDEO),
    **dict.fromkeys([".h5", ".hdf5", ".hdf", ".ilp"], _HDF5),
    **dict.fromkeys([".npz", ".mat", ".pkl", ".pickle", ".pt"], _ARRAYS),
    **dict.fromkeys([".dcm", ".nii", ".nrrd", ".mha", ".mhd"], _VOLUME),
    **dict.fromkeys([".heic", ".avif", ".svg", ".pdf", ".psd", ".ico", ".tga", ".exr", ".jxl"], _OTHER_PICTURE),
}

# (first bytes, format); the format names which reader opens the file.
_SIGNATURES = (
    (b"\x89PNG\r\n\x1a\n", "raster"),
    (b"\xff\xd8\xff", "raster"),
    (b"BM", "raster"),
    (b"GIF87a", "raster"),
    (b"GIF89a", "raster"),
    (b"\x00\x00\x00\x0cjP  ", "raster"),
    (b"\xff\x4f\xff\x51", "raster"),
    *((f"P{digit}{space}".encode(), "raster") for digit in range(1, 7) for space in " \n\r\t"),
    (b"II*\x00", "tiff"),
    (b"MM\x00*", "tiff"),
    (b"II+\x00", "tiff"),
    (b"MM\x00+", "tiff"),
    (b"\x93NUMPY", "npy"),
)

_DOWNLOAD = "download the file again: the server answered with a page, as for one that wants a login"

# Containers whose contents hooke doesn't read, recognised by their first bytes, not by their name.
_FOREIGN = (
    (b"ZISRAWFILE", "a Zeiss .czi file", _CZI_TO_OME_TIFF),
    (b"\xda\xce\xbe\x0a", "a Nikon .nd2 file", _TO_OME_TIFF),
    (b"\x89HDF\r\n\x1a\n", "an HDF5 file", _HDF5),
    (b"%PDF", "a PDF document", _OTHER_PICTURE),
    (b"PK\x03\x04", "a zip archive", "unpack it and give the images inside"),
    (b"\x1f\x8b", "a gzip archive", "unpack it and give the images inside"),
    (b"\x80\x04\x95", "a Python pickle", _ARRAYS),
    (
        b"version https://git-lfs",
        "a pointer of Git LFS in the place of the file",
        "fetch the file itself: git lfs pull",
    ),
    *((start, "a web page", _DOWNLOAD) for start in (b"<!DOCTYPE html", b"<!doctype html", b"<html", b"<HTML")),
)


def has_image_suffix(path: Path) -> bool:
    """Whether a folder search takes the file: a known suffix and not hidden."""
    suffix = path.suffix.lower()
    known = suffix in IMAGE_SUFFIXES or (suffix not in _NEVER_ADDED and has_reader(suffix))
    return known and not path.name.startswith(".")


def unread_format(path: Path) -> str | None:
    """Remedy for a file that holds images in a format that hooke doesn't read, by its suffix, or None.

    Arrays and documents, of which a folder may hold any, don't count.
    """
    suffix = path.suffix.lower()
    if has_image_suffix(path) or path.name.startswith(".") or _REMEDY_BY_SUFFIX.get(suffix) in _SELDOM_IMAGES:
        return None
    return _remedy(suffix)


def _remedy(suffix: str) -> str | None:
    """What to do about a file that hooke doesn't read, by its suffix."""
    remedy, package = _REMEDY_BY_SUFFIX.get(suffix), how_to_read(suffix)
    return remedy if package is None or remedy is None else f"{package}, or {remedy}"


def result_stem(path: str | Path) -> str:
    """Name of a file without its suffix, nor the ``.ome`` of ``.ome.tif``.

    Examples
    --------
    >>> result_stem("plate/A01.ome.tif"), result_stem("a.b.png")
    ('A01', 'a.b')
    """
    stem = Path(path).stem
    return stem[:-4] if stem.lower().endswith(".ome") and len(stem) > 4 else stem


def folder_format(path: Path) -> str | None:
    """Remedy for a folder that is an image container that hooke doesn't read (.n5), or None for any other folder."""
    if path.suffix.lower() not in (".zarr", ".n5") or is_zarr(path):
        return None
    if (path / ".zarray").is_file():
        return _ZARR_ARRAY
    return _REMEDY_BY_SUFFIX.get(path.suffix.lower())


def is_zarr(path: Path) -> bool:
    """Whether a folder is a zarr store: an image, as a file is."""
    return path.suffix.lower() == ".zarr" and any((path / mark).is_file() for mark in ZARR_MARKS)


def sniff(path: Path) -> str:
    """Tell a file's format by its first bytes; its suffix may lie.

    Parameters
    ----------
    path : Path
        Any path.

    Returns
    -------
    str
        ``"tiff"``, ``"raster"``, ``"npy"`` or ``"zarr"``.

    Raises
    ------
    ImageReadError
        If the file is missing, a folder, unreadable, empty, or of a format that hooke doesn't read.
    """
    if is_zarr(path):
        return "zarr"
    head = _head(path)
    if not head:
        raise ImageReadError("the file is empty", path=path, remedy="copy or export it again")
    if path.suffix.lower() in _WHOLE_SLIDE_SUFFIXES:
        # What is in the file is a picture of the slide at most, and the slide beside it.
        raise unreadable(path, head)
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "raster"
    for signature, name in _SIGNATURES:
        if head.startswith(signature):
            return name
    raise unreadable(path, head)


def unreadable(path: Path, head: bytes) -> ImageReadError:
    """Error for a file whose format hooke doesn't read, naming what would read it.

    Parameters
    ----------
    path : Path
        The file.
    head : bytes
        Its first bytes.
    """
    for signature, what, remedy in _FOREIGN:
        if head.startswith(signature) and path.suffix.lower() not in _REMEDY_BY_SUFFIX:
            return ImageReadError(f"is {what}, which hooke doesn't read", path=path, remedy=remedy)
    suffix = path.suffix.lower()
    if suffix in _REMEDY_BY_SUFFIX and suffix not in IMAGE_SUFFIXES:
        return ImageReadError(f"hooke doesn't read {suffix} files", path=path, remedy=_remedy(suffix))
    if not head.strip(b"\x00"):
        return ImageReadError("not an image: it starts with zeros only", path=path, remedy="copy it again")
    return ImageReadError(
        "not an image, or damaged at its start", path=path, remedy=f"give one of the formats hooke reads: {SUPPORTED}"
    )


def _head(path: Path) -> bytes:
    """First bytes of a file, or the reason why there are none."""
    try:
        if path.is_dir():
            remedy = folder_format(path) or "give a file, or let find_images list the folder"
            raise ImageReadError("is a folder, not an image file", path=path, remedy=remedy)
        if path.exists() and not path.is_file():  # opening a named pipe would wait for ever
            raise ImageReadError("is a named pipe, socket or device", path=path, remedy="give an image file")
        with path.open("rb") as file:
            return file.read(64)
    except FileNotFoundError as error:
        raise ImageReadError("no such file", path=path, remedy="check the name and the folder") from error
    except PermissionError as error:
        raise ImageReadError("no permission to read it", path=path, remedy="ask its owner for read access") from error
    except (OSError, ValueError) as error:  # a name with a zero byte is a ValueError
        reason = getattr(error, "strerror", None) or str(error)
        raise ImageReadError(f"can't be opened: {reason}", path=path, remedy="check the name and the disk") from error
