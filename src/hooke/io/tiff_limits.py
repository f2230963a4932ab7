"""Refuses TIFF files whose header states more pixels than the file can hold, before memory is allocated."""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import Any

import numpy as np
import tifffile

from hooke.errors import ImageReadError
from hooke.io.segment_size import HEAD_BYTES, JPEG_2000, stated_bits, stated_pixels
from hooke.limits import check_promise

_MOST_PLANES = 1_000_000  # that a description may promise beyond the pages that are there
_COMPRESSION = tifffile.COMPRESSION
#: How many bytes one compressed byte can become. An image of one value compresses so; most come nowhere near.
_EXPANSION: dict[int, int] = {
    _COMPRESSION.PACKBITS: 64,
    _COMPRESSION.ADOBE_DEFLATE: 1032,
    _COMPRESSION.DEFLATE: 1032,
    _COMPRESSION.LZW: 1400,
    _COMPRESSION.JPEG: 1100,
    _COMPRESSION.OJPEG: 1100,
}
_EXPANSION_OF_OTHERS = 5000
_WITH_HEADER = frozenset({6, 7, 33007, 34892}) | JPEG_2000  # kinds of JPEG
# Bits that OpenJPEG gives back; of uint32 it writes 26, and 0 comes as 67108863 (findings/jpeg2000_uint32_labels).
_MOST_BITS = 25
_SPARE = 4  # times the pixels of a strip or tile, for what codecs round up to
_SMALL_SEGMENT = 1 << 20  # pixels that any segment may have
_SUBSAMPLED = 3  # colours stored without compression, each pair of differences for up to 16 pixels


def check_planes(tif: tifffile.TiffFile, path: Path) -> None:
    """Refuse a description of planes beyond number, each of which tifffile would make a place for.

    Raises
    ------
    ImageReadError
    """
    planes = max(_ome_planes(tif), _imagej_planes(tif))
    if planes > _MOST_PLANES + len(tif.pages):
        raise ImageReadError(
            f"damaged: its description promises {planes} planes, and the file holds {len(tif.pages)}",
            path=path,
            remedy="copy or export it again",
        )


def check_page(page: tifffile.TiffPage | tifffile.TiffFrame, path: Path) -> None:
    """Refuse a page whose pixels can't be in the file for the bytes that it has there.

    Raises
    ------
    ImageReadError
    """
    size = page.parent.filehandle.size
    whole: Any = page.keyframe  # a frame knows its offsets only, the rest is with its first page
    if whole.compression == _COMPRESSION.NONE:
        promised: float = math.prod(whole.shape) * max(int(whole.bitspersample), 1) / 8
        # Some programs write wrong byte counts here; the file's size is what counts.
        held, factor = size, _SUBSAMPLED if whole.photometric == tifffile.PHOTOMETRIC.YCBCR else 1
    else:
        promised = page_bytes(whole)
        held = min(sum(page.databytecounts), size)
        factor = _EXPANSION.get(int(whole.compression), _EXPANSION_OF_OTHERS)
        _check_segments(page, whole, path)
    check_promise(promised, held, factor, path)


def _check_segments(page: tifffile.TiffPage | tifffile.TiffFrame, whole: Any, path: Path) -> None:
    """Refuse strips and tiles that by their own header are much larger than the page has them."""
    if int(whole.compression) not in _WITH_HEADER:
        return
    height, width = whole.tilelength, whole.tilewidth
    if not whole.is_tiled:
        height, width = min(whole.rowsperstrip, whole.imagelength), whole.imagewidth
    most = max(_SPARE * height * width, _SMALL_SEGMENT)
    file = page.parent.filehandle
    for offset, count in zip(page.dataoffsets, page.databytecounts, strict=False):
        file.seek(offset)
        head = file.read(min(count, HEAD_BYTES))
        pixels = stated_pixels(head)
        if pixels is not None and pixels > most:
            cause = f"damaged: a part of {width} pixels' width promises {pixels} pixels"
            raise ImageReadError(cause, path=path, remedy="copy or export it again")
        _check_bits(head, whole, path)


def _check_bits(head: bytes, whole: Any, path: Path) -> None:
    """Refuse whole numbers of more bits than the decoder of JPEG 2000 gives back: they come wrong, without an error."""
    if int(whole.compression) not in JPEG_2000 or whole.dtype != np.uint32:
        return
    bits = stated_bits(head)
    if bits is not None and bits > _MOST_BITS:
        raise ImageReadError(
            f"{bits} bits a pixel in JPEG 2000, of which no more than {_MOST_BITS} can be read back",
            path=path,
            remedy="write it again with another compression, such as zlib, or as int32",
        )


def page_bytes(page: tifffile.TiffPage) -> int:
    """Bytes that a page takes when it is decoded."""
    return math.prod(page.shape) * np.dtype(page.dtype).itemsize


def _ome_planes(tif: tifffile.TiffFile) -> int:
    """Planes of the largest image that OME-XML describes."""
    text = tif.ome_metadata if tif.is_ome else None
    most = 0
    for pixels in re.findall(r"<(?:\w+:)?Pixels\b[^>]*", text or ""):
        sizes = re.findall(r"\bSize[ZCT]\s*=\s*[\"'](\d{1,20})", pixels)
        most = max(most, math.prod(int(size) for size in sizes))
    counts = re.findall(r"\bPlaneCount\s*=\s*[\"'](\d{1,20})", text or "")
    return max([most, *map(int, counts)])


def _imagej_planes(tif: tifffile.TiffFile) -> int:
    """Planes that ImageJ's description counts."""
    if not tif.is_imagej:
        return 0
    counts = re.findall(r"(?m)^(images|channels|slices|frames)=(\d{1,20})", tif.pages.first.description)
    return max((int(count) for _, count in counts), default=0)
