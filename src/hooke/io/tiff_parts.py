"""Reads an OME-TIFF that is one of several files: takes its own planes, and says what of its image is elsewhere."""

from __future__ import annotations

import copy
import math
from collections.abc import Sequence
from pathlib import Path, PurePosixPath, PureWindowsPath
from xml.etree import ElementTree

import numpy as np
import tifffile

from hooke.addresses import is_url
from hooke.errors import listed, readable
from hooke.io.tiff_metadata import elements_named, ome_root
from hooke.io.tiff_micromanager import describe_own_planes

#: How the note on channels in other files begins; it is none once the files are joined.
SOME_CHANNELS = "only some channels of the image: "
_MOST = 3  # names in a sentence
_MOST_PLANES = 10_000_000


def take_own_part(tif: tifffile.TiffFile, path: Path) -> tuple[str, ...]:
    """Describe a file of several by the planes that are in it, so that their channels, depths and times are known.

    tifffile reads such files together, which may be a whole plate, or each as a stack of nameless planes. Where the
    planes of one image in the file are not a block of all its channels, depths and times, they stay nameless.

    Returns
    -------
    tuple of str
        What the user should know.
    """
    kept = vars(tif)  # tifffile keeps what it has found out of a file as attributes
    if not tif.is_mmstack:
        if (text := _own_part(tif, path)) is not None:
            kept["_omexml"] = text
        return ()
    known = None if (root := _root(tif, "Pixels")) is None else next(elements_named(root, "Pixels"), None)
    text, notes = describe_own_planes(tif, known)
    kept.update(is_mmstack=False, is_ome=bool(text), _omexml=text or None)
    return notes


def _own_part(tif: tifffile.TiffFile, path: Path) -> str | None:
    """OME-XML of what is in the file; None where that says all, or nothing is known of it."""
    root = _root(tif)
    if root is None:
        return None
    own = _Own(path.name, root.get("UUID", ""))
    if all(own.is_of(data) for data in elements_named(root, "TiffData")):
        return None
    root = copy.deepcopy(root)
    for image in [each for each in root if next(elements_named(each, "Pixels"), None) is not None]:
        pixels = next(elements_named(image, "Pixels"))
        held = [data for data in elements_named(pixels, "TiffData") if own.is_of(data)]
        if not held:
            root.remove(image)
        elif not _keep_block(pixels, held):
            return None
    return ElementTree.tostring(root, encoding="unicode")


def _keep_block(pixels: ElementTree.Element, held: Sequence[ElementTree.Element]) -> bool:
    """Leave of an image what its own planes show; False where they are not a block."""
    axes = pixels.get("DimensionOrder", "")[:1:-1]  # slowest first
    channels = list(elements_named(pixels, "Channel"))
    samples = max(1, *(_number(channel.get("SamplesPerPixel", "1")) for channel in channels), 1)
    sizes = [_number(pixels.get(f"Size{axis}")) // (samples if axis == "C" else 1) for axis in axes]
    if sorted(axes) != ["C", "T", "Z"] or not 0 < math.prod(sizes) <= _MOST_PLANES:
        return False
    planes: dict[int, int] = {}  # place in the whole image: page
    for data in held:
        first = [_number(data.get(f"First{axis}", "0")) for axis in axes]
        if any(at >= size for at, size in zip(first, sizes, strict=True)):
            return False
        place, page = int(np.ravel_multi_index(first, sizes)), _number(data.get("IFD", "0"))
        count = _number(data.get("PlaneCount", "1" if "IFD" in data.attrib else str(math.prod(sizes))))
        planes.update({place + step: page + step for step in range(min(count, math.prod(sizes) - place))})
    places = np.stack(np.unravel_index(sorted(planes), sizes))
    kept = [np.unique(row).tolist() for row in places]
    if math.prod(map(len, kept)) != len(planes):
        return False
    for axis, numbers in zip(axes, kept, strict=True):
        pixels.set(f"Size{axis}", str(len(numbers) * (samples if axis == "C" else 1)))
        if axis == "C" and len(channels) > len(numbers):
            for gone in [channel for number, channel in enumerate(channels) if number not in numbers]:
                pixels.remove(gone)
    for data in list(elements_named(pixels, "TiffData")):
        pixels.remove(data)
    ranks = [{one: str(rank) for rank, one in enumerate(own)} for own in kept]
    for place, at in zip(sorted(planes), places.T.tolist(), strict=True):
        named = {f"First{axis}": own[one] for axis, own, one in zip(axes, ranks, at, strict=True)}
        ElementTree.SubElement(pixels, held[0].tag, {**named, "IFD": str(planes[place]), "PlaneCount": "1"})
    return True


def part_notes(tif: tifffile.TiffFile, path: Path, channels: int) -> tuple[str, ...]:
    """Sentences for the user of a file that is one of several which hold an image together.

    Parameters
    ----------
    tif : TiffFile
        An open file.
    path : Path
        Where it is.
    channels : int
        In a plane of it, as it is read.
    """
    root = _root(tif)
    if root is None:
        return ()
    if (binary := next(elements_named(root, "BinaryOnly"), None)) is not None:
        described = readable(binary.get("MetadataFile") or "another file")
        return (f"channels, pixel size and axes are described in {described}, which hooke does not read",)
    own, notes = _Own(path.name, root.get("UUID", "")), list[str]()
    for pixels in elements_named(root, "Pixels"):
        files = [(_file_name(uuid), (uuid.text or "").strip()) for uuid in elements_named(pixels, "UUID")]
        others = sorted({name for name, mark in files if name and not own.is_it(name, mark)})
        holds_own = any(next(elements_named(data, "UUID"), None) is None for data in elements_named(pixels, "TiffData"))
        if not others or not (holds_own or any(own.is_it(name, mark) for name, mark in files)):
            continue
        named = readable(listed(others, _MOST))
        if (whole := _number(pixels.get("SizeC"))) > channels:
            which = _own_channels(pixels, own)
            notes.append(
                f"{SOME_CHANNELS}the file holds {channels} of {whole}{which}, the others are in {named}; join the "
                "files by --channels-from, or save all channels as one file"
            )
        if gone := [name for name in others if not is_url(path) and not path.with_name(name).exists()]:
            notes.append(
                f"a part of an image of several files, of which some are missing: {readable(listed(gone, _MOST))}"
            )
    return tuple(notes)


class _Own:
    """By what a file knows itself in OME-XML: its name, and its UUID where it was renamed."""

    def __init__(self, name: str, mark: str) -> None:
        self._name, self._mark = name.casefold(), mark.strip()

    def is_it(self, name: str, mark: str) -> bool:
        return name.casefold() == self._name or (self._mark != "" and mark == self._mark)

    def is_of(self, data: ElementTree.Element) -> bool:
        """Whether planes are in this file: where no file is named, they are."""
        named = next(elements_named(data, "UUID"), None)
        return named is None or self.is_it(_file_name(named), (named.text or "").strip())


def _root(tif: tifffile.TiffFile, needed: str = "UUID") -> ElementTree.Element | None:
    text = (tif.pages.first.description or "") if tif.is_ome else ""
    return ome_root(text) if needed in text else None


def _file_name(uuid: ElementTree.Element) -> str:
    """Name of a file without folders of any system, which would lead elsewhere."""
    return PurePosixPath(PureWindowsPath(uuid.get("FileName") or "").name).name


def _own_channels(pixels: ElementTree.Element, own: _Own) -> str:
    """Names of the channels that begin in the file, in brackets; empty where they have none."""
    names = [(channel.get("Name") or "").strip() for channel in elements_named(pixels, "Channel")]
    first = {
        _number(data.get("FirstC", "0"))
        for data in elements_named(pixels, "TiffData")
        for uuid in elements_named(data, "UUID")
        if own.is_it(_file_name(uuid), (uuid.text or "").strip())
    }
    found = [repr(names[number]) for number in sorted(first) if 0 <= number < len(names) and names[number]]
    return f" ({readable(', '.join(found[:_MOST]))})" if found else ""


def _number(text: str | None) -> int:
    return int(text) if text is not None and text.isdecimal() and len(text) < 9 else 0
