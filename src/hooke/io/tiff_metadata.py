"""Reads the metadata of an open TIFF file: pixel size, step along z and time, and channel names.

Sources, the first that speaks: OME-XML, ImageJ's description, an Aperio slide's, resolution tags. Programs that know
nothing of a scale write a print size, 72, 96, 150 or 300 dots per inch, also in centimetres and, by way of Fiji and
Bio-Formats, into ImageJ's description and OME-XML. None of these is a pixel size. What remains of sizes in inches and
centimetres counts between 0.01 and 20 µm a pixel, which is what microscopes have.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from xml.etree import ElementTree

import tifffile

from hooke.io.print_size import UM_PER_INCH, is_print_size, microscope_size

_UM_PER_UNIT = {
    **dict.fromkeys(["µm", "μm", "um", "\\u00b5m", "micron", "microns", "micrometer", "micrometre"], 1.0),
    **dict.fromkeys(["micrometers", "micrometres"], 1.0),
    **dict.fromkeys(["nm", "nanometer", "nanometre"], 1e-3),
    **dict.fromkeys(["mm", "millimeter", "millimetre"], 1e3),
    "cm": 1e4,
    "m": 1e6,
    "pm": 1e-6,
    "å": 1e-4,
    **dict.fromkeys(["inch", "inches", "in"], UM_PER_INCH),
}
_S_PER_UNIT = {
    **dict.fromkeys(["s", "sec", "second", "seconds"], 1.0),
    **dict.fromkeys(["ms", "msec"], 1e-3),
    **dict.fromkeys(["µs", "μs", "us"], 1e-6),
    **dict.fromkeys(["min", "minute", "minutes"], 60.0),
    **dict.fromkeys(["h", "hour", "hours"], 3600.0),
    "d": 86400.0,
}
# 2 inch, 3 centimetre, 4 and 5 tifffile's millimetre and micrometre
_UM_PER_RESOLUTION_UNIT = {2: UM_PER_INCH, 3: 1e4, 4: 1e3, 5: 1.0}
_FINEST_PRINT_UM = 20.0  # what OME-XML says of smaller pixels is believed
_POSSIBLE_UM = (1e-5, 1e4)  # from atoms to a photograph; beyond lies what other units were written as
_APERIO_MPP = re.compile(r"\|\s*MPP\s*=\s*([0-9]*\.?[0-9]+)")  # micrometres per pixel
_UNITS_OF_PRINT = frozenset([UM_PER_INCH, 1e4, 1e6])  # inch, centimetre, metre


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
        size = _pair(_ome_length(pixels, "Y"), _ome_length(pixels, "X"))
        return None if size is not None and min(size) > _FINEST_PRINT_UM and is_print_size(size) else size
    imagej = _imagej(tif)
    if "unit" in imagej:
        return _imagej_pixel_size(tif, imagej)
    if tif.is_svs and (found := _APERIO_MPP.search(tif.pages.first.description)):
        return _pair(float(found[1]), float(found[1]))
    return _tag_pixel_size(tif)


def z_step_um(tif: tifffile.TiffFile, image: int = 0) -> float | None:
    """Distance of a stack's planes in micrometres, or None where the file does not state it; see `pixel_size_um`."""
    pixels = _ome_pixels(tif, image)
    if pixels is not None:
        return _positive(_ome_length(pixels, "Z"))
    said = _imagej(tif)
    unit = str(said.get("zunit", said.get("unit", ""))).strip().lower()
    step = _product(_float(said.get("spacing")), _UM_PER_UNIT.get(unit))
    return None if step is None else _positive(abs(step))  # below 0 where planes were taken downwards


def time_step_s(tif: tifffile.TiffFile, image: int = 0) -> float | None:
    """Time between a series' frames in seconds, or None where the file does not state it; see `pixel_size_um`."""
    pixels = _ome_pixels(tif, image)
    if pixels is not None:
        unit = pixels.get("TimeIncrementUnit", "s").lower()
        return _positive(_product(_float(pixels.get("TimeIncrement")), _S_PER_UNIT.get(unit)))
    said = _imagej(tif)
    unit = str(said.get("tunit", "s")).strip().lower()
    return _positive(_product(_float(said.get("finterval")), _S_PER_UNIT.get(unit)))


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
        names = _ome_names([element for element in pixels if _tag(element) == "Channel"])
    else:
        names = _imagej_labels(tif, channels)
    if len(names) != channels or not any(names):
        return ()
    return tuple(name or f"channel {number}" for number, name in enumerate(names))


def _ome_names(channels: Sequence[ElementTree.Element]) -> list[str]:
    """Names of OME's channels; dye or wavelength where there is none, and beside it where two have the same."""
    names = [" ".join((channel.get("Name") or "").split()) for channel in channels]
    dyes = [_ome_dye(channel) for channel in channels]
    if len(set(names)) == len(names):
        return [name or dye for name, dye in zip(names, dyes, strict=True)]
    return [f"{name} {dye}".strip() if names.count(name) > 1 else name for name, dye in zip(names, dyes, strict=True)]


def _ome_dye(channel: ElementTree.Element) -> str:
    """Fluorophore of a channel, or else the wavelength that excites it, or that it emits."""
    for name in ("Fluor", "ExcitationWavelength", "EmissionWavelength"):
        if value := (channel.get(name) or "").strip():
            return value if name == "Fluor" else f"{value} {channel.get(f'{name}Unit', 'nm')}"
    return ""


def _ome_pixels(tif: tifffile.TiffFile, image: int) -> ElementTree.Element | None:
    """Find the ``Pixels`` element of an OME-TIFF's image."""
    if not tif.is_ome:
        return None
    found = _all_pixels(tif.ome_metadata or "")
    return found[image] if image < len(found) else None


@functools.lru_cache(maxsize=2)
def _all_pixels(xml: str) -> list[ElementTree.Element]:
    """Find the ``Pixels`` elements of OME-XML, none in what is not XML; asked for four times a file."""
    root = ome_root(xml)
    return [] if root is None else list(elements_named(root, "Pixels"))


@functools.lru_cache(maxsize=2)
def ome_root(xml: str) -> ElementTree.Element | None:
    """Parse OME-XML; None for what is not XML."""
    try:
        return ElementTree.fromstring(xml)
    except ElementTree.ParseError:
        return None


def elements_named(element: ElementTree.Element, name: str) -> Iterator[ElementTree.Element]:
    """Find the elements within one by their name without its schema, of which OME has had many."""
    return (each for each in element.iter() if _tag(each) == name)


def _tag(element: ElementTree.Element) -> str:
    return element.tag.rpartition("}")[2]


def _ome_length(pixels: ElementTree.Element, axis: str) -> float | None:
    """Physical size along an axis in micrometres, which is OME's unit unless it says another."""
    unit = pixels.get(f"PhysicalSize{axis}Unit", "µm")
    return _product(_float(pixels.get(f"PhysicalSize{axis}")), _UM_PER_UNIT.get(unit.lower()))


def _imagej_pixel_size(tif: tifffile.TiffFile, metadata: Mapping[str, Any]) -> tuple[float, float] | None:
    """Pixel size of a file that ImageJ wrote: resolution tags hold pixels per unit, the description the unit."""
    unit = str(metadata["unit"]).strip().lower()
    per_unit = _UM_PER_UNIT.get(unit)
    per_unit_y = _UM_PER_UNIT.get(str(metadata.get("yunit", unit)).strip().lower())
    size = _pair(
        _product(_unit_per_pixel(tif, "YResolution"), per_unit_y),
        _product(_unit_per_pixel(tif, "XResolution"), per_unit),
    )
    return microscope_size(size) if per_unit in _UNITS_OF_PRINT else size


def _tag_pixel_size(tif: tifffile.TiffFile) -> tuple[float, float] | None:
    """Pixel size by resolution tags, where unit and value are those of a microscope."""
    per_unit = _UM_PER_RESOLUTION_UNIT.get(int(tif.pages.first.tags.valueof("ResolutionUnit", 2)))
    size = _pair(
        _product(_unit_per_pixel(tif, "YResolution"), per_unit), _product(_unit_per_pixel(tif, "XResolution"), per_unit)
    )
    return microscope_size(size)


def _unit_per_pixel(tif: tifffile.TiffFile, tag: str) -> float | None:
    """Inverse of a resolution tag."""
    value = tif.pages.first.tags.valueof(tag)
    if not isinstance(value, tuple) or len(value) != 2 or 0 in value:
        return None
    return float(value[1]) / float(value[0])


def _imagej_labels(tif: tifffile.TiffFile, channels: int) -> list[str]:
    """Slice labels of an ImageJ stack of channels; those of a longer stack name planes, not channels."""
    metadata = _imagej(tif)
    labels = [str(label) for label in metadata.get("Labels") or []]
    is_stack = metadata.get("frames", 1) * metadata.get("slices", 1) > 1
    return [] if is_stack or len(set(labels)) != channels else labels


def _product(value: float | None, factor: float | None) -> float | None:
    """Product, or None where either is unknown."""
    return None if value is None or factor is None else value * factor


def _float(value: object) -> float | None:
    """Read an attribute as a number; None where there is none or it is not one."""
    try:
        return None if value is None else float(str(value))
    except ValueError:
        return None


def _positive(value: float | None) -> float | None:
    """The value, or None unless it is above 0 and finite."""
    return value if value is not None and 0 < value < float("inf") else None


def _imagej(tif: tifffile.TiffFile) -> Mapping[str, Any]:
    """What ImageJ's description says; nothing in files of other programs."""
    return (tif.imagej_metadata or {}) if tif.is_imagej else {}


def _pair(height: float | None, width: float | None) -> tuple[float, float] | None:
    """Both lengths, or None unless a microscope may have either."""
    low, high = _POSSIBLE_UM
    if height is None or width is None or not (low <= height <= high and low <= width <= high):
        return None
    return height, width
