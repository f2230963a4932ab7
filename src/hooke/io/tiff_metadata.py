"""Reads what a TIFF says of itself: an open file in, pixel size in micrometres and channel names out.

Sources, the first that speaks: OME-XML, ImageJ's description, resolution tags. Resolution tags count only in
centimetres (or tifffile's millimetres and micrometres) and between 0.01 and 20 µm a pixel: programs that know nothing
of a scale write 72, 96 or 300 dots per inch, which is a print size and not a pixel size, so inches never count; and
the same print sizes in centimetres come out at 40 µm and more.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from xml.etree import ElementTree

import tifffile

__all__ = ["channel_names", "pixel_size_um"]

_UM_PER_UNIT = {
    **dict.fromkeys(["µm", "μm", "um", "\\u00b5m", "micron", "microns", "micrometer", "micrometre"], 1.0),
    **dict.fromkeys(["micrometers", "micrometres"], 1.0),
    **dict.fromkeys(["nm", "nanometer", "nanometre"], 1e-3),
    **dict.fromkeys(["mm", "millimeter", "millimetre"], 1e3),
    "cm": 1e4,
    "m": 1e6,
    "pm": 1e-6,
    "å": 1e-4,
}
_UM_PER_RESOLUTION_UNIT = {3: 1e4, 4: 1e3, 5: 1.0}
_SANE_UM = (0.01, 20.0)


def pixel_size_um(tif: tifffile.TiffFile, image: int = 0) -> tuple[float, float] | None:
    """Height and width of a pixel in micrometres, or None where the file does not state them.

    Parameters
    ----------
    tif : TiffFile
        An open file.
    image : int
        Which of an OME-TIFF's images.
    """
    pixels = _ome_pixels(tif, image)
    if pixels is not None:
        return _pair(_ome_length(pixels, "Y"), _ome_length(pixels, "X"))
    imagej = tif.imagej_metadata if tif.is_imagej else None
    if imagej and "unit" in imagej:
        return _imagej_pixel_size(tif, imagej)
    return _tag_pixel_size(tif)


def channel_names(tif: tifffile.TiffFile, channels: int, image: int = 0) -> tuple[str, ...]:
    """One name per channel, or none where the file has no names or not that many.

    Parameters
    ----------
    tif : TiffFile
        An open file.
    channels : int
        Number of channels in a plane.
    image : int
        Which of an OME-TIFF's images.
    """
    pixels = _ome_pixels(tif, image)
    if pixels is not None:
        names = [element.get("Name") or "" for element in pixels if _tag(element) == "Channel"]
    else:
        names = _imagej_labels(tif, channels)
    if len(names) != channels or not any(names):
        return ()
    return tuple(name or f"channel {number}" for number, name in enumerate(names))


def _ome_pixels(tif: tifffile.TiffFile, image: int) -> ElementTree.Element | None:
    """Find the ``Pixels`` element of an OME-TIFF's image."""
    if not tif.is_ome:
        return None
    try:
        root = ElementTree.fromstring(tif.ome_metadata or "")
    except ElementTree.ParseError:
        return None
    found = [element for element in root.iter() if _tag(element) == "Pixels"]
    return found[image] if image < len(found) else None


def _tag(element: ElementTree.Element) -> str:
    """Name of an element without its schema, of which OME has had many."""
    return element.tag.rpartition("}")[2]


def _ome_length(pixels: ElementTree.Element, axis: str) -> float | None:
    """Physical size along an axis in micrometres, which is OME's unit unless it says another."""
    unit = pixels.get(f"PhysicalSize{axis}Unit", "µm")
    return _product(_number(pixels.get(f"PhysicalSize{axis}")), _UM_PER_UNIT.get(unit.lower()))


def _imagej_pixel_size(tif: tifffile.TiffFile, metadata: Mapping[str, Any]) -> tuple[float, float] | None:
    """Pixel size of a file that ImageJ wrote: resolution tags hold pixels per unit, the description the unit."""
    unit = str(metadata["unit"]).strip()
    per_unit = _UM_PER_UNIT.get(unit.lower())
    per_unit_y = _UM_PER_UNIT.get(str(metadata.get("yunit", unit)).strip().lower())
    return _pair(
        _product(_unit_per_pixel(tif, "YResolution"), per_unit_y),
        _product(_unit_per_pixel(tif, "XResolution"), per_unit),
    )


def _tag_pixel_size(tif: tifffile.TiffFile) -> tuple[float, float] | None:
    """Pixel size by resolution tags, where unit and value are those of a microscope."""
    per_unit = _UM_PER_RESOLUTION_UNIT.get(int(tif.pages.first.tags.valueof("ResolutionUnit", 2)))
    size = _pair(
        _product(_unit_per_pixel(tif, "YResolution"), per_unit), _product(_unit_per_pixel(tif, "XResolution"), per_unit)
    )
    low, high = _SANE_UM
    return size if size is not None and all(low <= length <= high for length in size) else None


def _unit_per_pixel(tif: tifffile.TiffFile, tag: str) -> float | None:
    """Inverse of a resolution tag."""
    value = tif.pages.first.tags.valueof(tag)
    if not isinstance(value, tuple) or len(value) != 2 or 0 in value:
        return None
    return float(value[1]) / float(value[0])


def _imagej_labels(tif: tifffile.TiffFile, channels: int) -> list[str]:
    """Slice labels of an ImageJ stack of channels; those of a longer stack name planes, not channels."""
    if not tif.is_imagej:
        return []
    metadata = tif.imagej_metadata or {}
    labels = [str(label) for label in metadata.get("Labels") or []]
    is_stack = metadata.get("frames", 1) * metadata.get("slices", 1) > 1
    return [] if is_stack or len(set(labels)) != channels else labels


def _product(value: float | None, factor: float | None) -> float | None:
    """Product, or None where either is unknown."""
    return None if value is None or factor is None else value * factor


def _number(text: str | None) -> float | None:
    """Read an attribute as a number; None where there is none or it is not one."""
    try:
        return None if text is None else float(text)
    except ValueError:
        return None


def _pair(height: float | None, width: float | None) -> tuple[float, float] | None:
    """Both lengths, or None unless both are positive."""
    if height is None or width is None or not (0 < height < float("inf") and 0 < width < float("inf")):
        return None
    return height, width
