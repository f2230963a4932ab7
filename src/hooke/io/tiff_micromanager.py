"""Describes the planes of one of Micro-Manager's stack files (``NAME_MMStack_Pos0.ome.tif``) as OME-XML.

tifffile reads all such files of a folder as one image, so that each file would hold every position. What is in a file
is said by the index that Micro-Manager keeps in it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from xml.etree import ElementTree

import numpy as np
import tifffile
from numpy.typing import NDArray

_C, _Z, _T, _P, _OFFSET = range(5)  # columns of the index
_OME = "http://www.openmicroscopy.org/Schemas/OME/2016-06"


def describe_own_planes(tif: tifffile.TiffFile, known: ElementTree.Element | None) -> tuple[str, tuple[str, ...]]:
    """Describe what is in a file.

    Parameters
    ----------
    tif : TiffFile
        One of Micro-Manager's (``is_mmstack``).
    known : Element, optional
        ``Pixels`` of its own OME-XML, which says pixel size and channels where the summary of the file doesn't.

    Returns
    -------
    text : str
        OME-XML; empty where the planes are not of all channels and depths.
    notes : tuple of str
        What the user should know.
    """
    settings = tif.micromanager_metadata or {}
    index: NDArray[np.int64] = settings["IndexMap"].astype(np.int64)
    index = index[index[:, _OFFSET] > 0]
    index = index[np.argsort(index[:, _OFFSET], kind="stable")]
    pages = np.arange(len(index))
    if not 0 < len(index) <= len(tif.pages):
        return "", ()
    root = ElementTree.Element(f"{{{_OME}}}OME")
    notes: list[str] = []
    for position in np.unique(index[:, _P]).tolist():
        at = index[:, _P] == position
        if not _add_image(root, tif, index[at], pages[at], _facts(settings.get("Summary") or {}, known), notes):
            cause = "its planes are not of all channels and depths, so that each counts as an image of its own"
            return "", (cause,)
    return ElementTree.tostring(root, encoding="unicode"), tuple(notes)


def _add_image(
    root: ElementTree.Element,
    tif: tifffile.TiffFile,
    index: NDArray[np.int64],
    pages: NDArray[np.int64],
    facts: Mapping[str, Any],
    notes: list[str],
) -> bool:
    """Add the planes of one position; False where no time has all channels and depths."""
    channels, depths = (np.unique(index[:, column]).tolist() for column in (_C, _Z))
    times, planes = np.unique(index[:, _T], return_counts=True)
    whole = times[planes == len(channels) * len(depths)].tolist()
    if not whole:
        return False
    if len(whole) < len(times):
        notes.append(f"{len(times) - len(whole)} of {len(times)} times are only partly in the file, and are left out")
    page = tif.pages.first
    image = ElementTree.SubElement(root, f"{{{_OME}}}Image", ID=f"Image:{len(root)}")
    sizes = dict(zip("XYCZT", map(str, (page.imagewidth, page.imagelength, len(channels), len(depths), len(whole)))))  # noqa: B905 - five of each
    attributes = {f"Size{axis}": size for axis, size in sizes.items()} | facts["attributes"]
    pixels = ElementTree.SubElement(image, f"{{{_OME}}}Pixels", {"DimensionOrder": "XYCZT", **attributes})
    for channel in channels:
        name = facts["channels"][channel] if channel < len(facts["channels"]) else ""
        ElementTree.SubElement(pixels, f"{{{_OME}}}Channel", {"Name": name} if name else {})
    ranks = [{one: str(rank) for rank, one in enumerate(own)} for own in (channels, depths, whole)]
    for row, number in zip(index.tolist(), pages.tolist(), strict=True):
        if row[_T] in ranks[_T]:
            first = {f"First{axis}": own[one] for axis, own, one in zip("CZT", ranks, row[:3], strict=True)}
            ElementTree.SubElement(pixels, f"{{{_OME}}}TiffData", {**first, "IFD": str(number), "PlaneCount": "1"})
    return True


def _facts(summary: Mapping[str, Any], known: ElementTree.Element | None) -> dict[str, Any]:
    """Names of the channels, and sizes as attributes of OME-XML."""
    names = summary.get("ChNames")
    channels = [str(name) for name in names] if isinstance(names, list) else []
    attributes = dict(_lengths(summary))
    if known is not None:
        attributes = {name: text for name, text in known.items() if name.startswith("PhysicalSize")} | attributes
        own = [each.get("Name", "") for each in known if each.tag.rpartition("}")[2] == "Channel"]
        channels = channels or own
    return {"channels": channels, "attributes": attributes}


def _lengths(summary: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for key, axes in (("PixelSize_um", "XY"), ("z-step_um", "Z")):
        length = summary.get(key)
        if isinstance(length, int | float) and length != 0:
            yield from ((f"PhysicalSize{axis}", str(abs(length))) for axis in axes)
    interval = summary.get("Interval_ms")
    if isinstance(interval, int | float) and interval > 0:
        yield "TimeIncrement", str(interval / 1000)
        yield "TimeIncrementUnit", "s"
