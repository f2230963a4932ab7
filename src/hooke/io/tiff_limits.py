"""Refuses TIFF files that promise more than they hold, before anything is allocated on their word."""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import Any

import numpy as np
import tifffile

from hooke.errors import ImageReadError
from hooke.limits import check_promise

__all__ = ["check_page", "check_planes", "page_bytes"]

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
    check_promise(promised, held, factor, path)


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
