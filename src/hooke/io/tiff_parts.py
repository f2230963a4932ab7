"""Says what an OME-TIFF lacks of its image: channels that are in other files, and files that are missing."""

from __future__ import annotations

from pathlib import Path, PurePosixPath, PureWindowsPath
from xml.etree import ElementTree

import tifffile

from hooke.addresses import is_url
from hooke.errors import listed, readable
from hooke.io.tiff_metadata import elements_named, ome_root

#: How the note on channels in other files begins; it is none once the files are joined.
SOME_CHANNELS = "only some channels of the image: "
_MOST = 3  # names in a sentence


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


def _root(tif: tifffile.TiffFile) -> ElementTree.Element | None:
    text = (tif.ome_metadata or "") if tif.is_ome else ""
    return ome_root(text) if "UUID" in text else None


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
