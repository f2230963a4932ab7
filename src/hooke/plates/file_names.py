"""Reads plate, well, site, channel, plane and time from the names that microscopes give their files.

Known are the names of MetaXpress (ImageXpress), Harmony and Columbus (Opera, Operetta), CellVoyager (Yokogawa), IN Cell
Analyzer, ArrayScan and CellInsight, Gen5 (Cytation), NIS-Elements and Incucyte; then any name that holds a well as a
word of its own, such as ``A01_field1``, and files in a folder that is named after their well. Of a plate in OME-Zarr,
the path within the store says it: ``plate.zarr/A/1/0``.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import PurePath

from hooke.io.channel_parts import STAIN
from hooke.plates.name_pattern import compile_pattern
from hooke.plates.position import Position
from hooke.plates.well import Well

_WELL = r"(?P<well>[A-Za-z]\d{1,3}|[Aa][A-Fa-f]\d{1,3})"
_GUID = r"[0-9A-Fa-f]{8}-?(?:[0-9A-Fa-f]{4}-?){3}[0-9A-Fa-f]{12}"
# Each microscope's own order of parts, at the end of the name; what is before the well names the plate.
_SCHEMES = tuple(
    re.compile(f"(?P<plate>.*?){scheme}")
    for scheme in (
        r"[rR](?P<row>\d{2})[cC](?P<column>\d{2})[fF](?P<site>\d+)(?:p(?P<plane>\d+))?"
        r"(?:-?ch(?P<channel>\d+))?(?:sk(?P<time>\d+))?(?:fk\d+)?(?:fl\d+)?",
        rf"(?:^|(?<=[_ -])){_WELL}_T(?P<time>\d+)F(?P<site>\d+)L\d+A\d+Z(?P<plane>\d+)C(?P<channel>\d+)",
        rf"(?:^|(?<=[_ -])){_WELL}_[sS](?P<site>\d+)(?:_[wW](?P<channel>\d+))?(?P<preview>_?[tT]humb)?(?:_?{_GUID})?",
        rf"(?:^|(?<=[_ -])){_WELL}_[wW](?P<channel>\d+)(?P<preview>_?[tT]humb)?(?:_?{_GUID})?",
        r"(?P<letter>[A-Za-z]|A[A-F]) - (?P<column>\d+)\(fld (?P<site>\d+)(?: wv (?P<channel>[^()]*?))?"
        r"(?: z (?P<plane>\d+))?(?: time (?P<time>\d+)[^()]*)?\)",
        rf"(?:^|(?<=[_ -])){_WELL}[fF](?P<site>\d+)[dD](?P<channel>\d+)",
        r"(?P<row>\d{3})(?P<column>\d{3})-(?P<site>\d+)-(?P<time>\d{3})(?P<plane>\d{3})(?P<channel>\d{3})",
        rf"(?:^|(?<=[_ -])){_WELL}_-?\d+_\d+_(?P<site>\d+)_(?P<channel>[A-Za-z].*)_(?P<time>\d+)",
        rf"(?:^|(?<=[_ -]))Well{_WELL}_Point[A-Za-z]*\d+_(?P<site>\d+)_Channel(?P<channel>.+?)_Seq\d+",
        rf"(?:^|(?<=[_ -])){_WELL}_(?P<site>\d+)_(?P<time>\d{{4}}y\d{{2}}m\d{{2}}d_\d{{2}}h\d{{2}}m)",
    )
)
_WORD = re.compile(r"(?<![A-Za-z0-9])(?:[Ww]ell[ _-]?)?([A-Pa-p]|A[A-F]|[Q-Z])0*([1-9]\d?)(?![A-Za-z0-9])")
_PARTS = {
    "channel": re.compile(r"(?<![A-Za-z0-9])(?:w|ch|channel|C|c)[_-]?(\d+)(?![0-9])"),
    "plane": re.compile(r"(?<![A-Za-z0-9])[zZ][_-]?(\d+)(?![0-9])"),
    "time": re.compile(r"(?<![A-Za-z0-9])[tT][_-]?(\d+)(?![0-9])"),
}
_SITE = re.compile(
    r"(?<![A-Za-z0-9])(?:fields?|fld|f|sites?|s|pos|position|xy|tile)[ _-]?(\d+)(?![0-9])", re.IGNORECASE
)
_NOT_A_PLATE = re.compile(r"(TimePoint|ZStep)_?\d+|Images?", re.IGNORECASE)
_IN_STORE = 3  # parts of an image's path in a plate of OME-Zarr: row, column, field
_FOLDERS = 2  # above a file that may be named after its well


def read_positions(paths: Sequence[PurePath], pattern: str | None = None) -> list[Position | None]:
    """Read where on a plate each image was taken from its name.

    Parameters
    ----------
    paths : sequence of PurePath
        All images of a run: which part of a name is the well shows in many names, not in one.
    pattern : str, optional
        How the names are made: see `hooke.plates.compile_pattern`.

    Returns
    -------
    list of Position or None
        None where no well is found.

    Examples
    --------
    >>> from pathlib import Path
    >>> found = read_positions([Path("x_B02_s3_w1.tif"), Path("x_B03_s3_w1.tif")])
    >>> found[1].well.name, found[1].site, found[1].channel
    ('B03', '3', '1')
    """
    if pattern is not None:
        match = compile_pattern(pattern)
        read = [match(path) for path in paths]
    else:
        read = (
            _by_store(paths)
            or _by_scheme(paths)
            or _by_word(paths, lambda path: [_bare(path)])
            or _by_word(paths, _folders)
        )
        read = read or [None] * len(paths)
    read = [_with_folders(path, position) for path, position in zip(paths, read, strict=True)]
    named = [position for position in read if position is not None]
    if any(position.plate for position in named) and pattern is not None:
        return read
    return _with_plates(paths, read)


def _by_store(paths: Sequence[PurePath]) -> list[Position | None]:
    """Read row, column and field of images in plates of OME-Zarr; empty where not all are in such."""
    read = [_of_store(path) for path in paths]
    return [] if None in read else read


def _of_store(path: PurePath) -> Position | None:
    if len(path.parts) < _IN_STORE + 1 or not path.parts[-_IN_STORE - 1].lower().endswith(".zarr"):
        return None
    store, row, column, field = path.parts[-_IN_STORE - 1 :]
    well = Well.parse(row + column)
    plate = re.sub(r"(?i)(\.ome)?\.zarr$", "", store)
    return None if well is None else Position.from_parts(well, {"site": field, "plate": plate})


def _bare(path: PurePath) -> str:
    """Name without its suffixes."""
    return re.sub(r"(\.ome)?\.[A-Za-z0-9]{2,5}$", "", path.name)


def _folders(path: PurePath) -> list[str]:
    """Folders above a file, the nearest first."""
    return list(path.parts[:-1][::-1][:_FOLDERS])


def _by_scheme(paths: Sequence[PurePath]) -> list[Position | None]:
    """Read names by the scheme that fits most of them; empty where none fits half."""
    best: list[Position | None] = []
    for scheme in _SCHEMES:
        read = [_of_match(scheme.fullmatch(_bare(path))) for path in paths]
        if _count(read) > max(_count(best), len(paths) // 2 - (len(paths) % 2 == 0)):
            best = read
    return best


def _count(read: Sequence[Position | None]) -> int:
    return sum(position is not None for position in read)


def _of_match(match: re.Match[str] | None) -> Position | None:
    if match is None:
        return None
    parts = {name: value or "" for name, value in match.groupdict().items()}
    if "row" in parts:
        well = Well.at(int(parts["row"]), int(parts["column"]))
    else:
        well = Well.parse(parts["well"] if "well" in parts else parts["letter"] + parts["column"])
    if well is None:
        return None
    named = {name: _plain(value) for name, value in parts.items()}
    return Position.from_parts(well, {**named, "plate": parts.get("plate", "").strip(" _-")})


def _plain(text: str) -> str:
    """A number without the zeros before it."""
    return text.lstrip("0") or "0" if text.isdecimal() else text


def _with_folders(path: PurePath, position: Position | None) -> Position | None:
    """Take time and plane from MetaXpress' folders of them, ``TimePoint_2/ZStep_3``."""
    if position is None:
        return None
    folders = path.parts[:-1][-_FOLDERS:]

    def number(name: str) -> str:
        found = [re.fullmatch(rf"(?i){name}_?(\d+)", folder) for folder in folders]
        return next((_plain(match[1]) for match in found if match), "")

    time, plane = position.time or number("TimePoint"), position.plane or number("ZStep")
    return replace(position, time=time, plane=plane)


def _by_word(paths: Sequence[PurePath], texts: Callable[[PurePath], list[str]]) -> list[Position | None]:
    """Read the word that is a well where most names have one; of several words, the one that differs most."""
    words = [[(text, found) for text in texts(path) for found in _WORD.finditer(text)] for path in paths]
    if sum(map(bool, words)) * 2 < len(paths) or not any(words):
        return []
    stained = _of_words(paths, words, hold_stains=True)
    fields: dict[tuple[str, Well, str, str, str], set[str]] = {}
    for position in filter(None, stained):
        fields.setdefault(position.field, set()).add(position.channel)
    # Where no field has two of these words, they may be conditions.
    is_stained = any(len(channels) > 1 for channels in fields.values()) or len(set().union(*fields.values())) == 1
    return stained if is_stained else _of_words(paths, words, hold_stains=False)


def _of_words(
    paths: Sequence[PurePath], words: Sequence[Sequence[tuple[str, re.Match[str]]]], *, hold_stains: bool
) -> list[Position | None]:
    """Read what the words around the well say."""
    place = _most_telling(words)
    positions: list[Position | None] = []
    for path, own in zip(paths, words, strict=True):
        if len(own) <= place:
            positions.append(None)
            continue
        text, found = own[place]
        well = Well.parse(found[1] + found[2])
        before, after = text[: found.start()], text[found.end() :]
        rest = after if text == _bare(path) else _bare(path)
        positions.append(None if well is None else _of_rest(well, before.strip(" _-"), rest, hold_stains))
    return positions


def _most_telling(words: Sequence[Sequence[tuple[str, re.Match[str]]]]) -> int:
    """Which of the words is the well: not one that is always C1, C2... as channels are, else that of most wells."""
    places = range(max(map(len, words)))
    found = [[own[place][1] for own in words if len(own) > place] for place in places]

    def telling(place: int) -> tuple[int, bool, int, int]:
        wells = {(match[1].upper(), match[2]) for match in found[place]}
        like_channels = len({letter for letter, _ in wells}) == 1 and next(iter(wells))[0] in "CFP"
        return len(found[place]), not like_channels, len(wells), -place

    return max(places, key=telling)


def _of_rest(well: Well, plate: str, rest: str, holds_stains: bool) -> Position:
    """Read what stands after the well; what remains besides channel, plane and time is the site."""
    parts: dict[str, str] = {}
    for name, pattern in _PARTS.items():
        found = pattern.search(rest)
        if found is None and name == "channel" and holds_stains:
            found = next(reversed(list(STAIN.finditer(rest))), None)
        if found is not None:
            parts[name] = _plain(found[1])
            rest = rest[: found.start()] + rest[found.end() :]
    site = _SITE.search(rest)
    left = _plain(site[1]) if site is not None else _plain(rest.strip(" _-."))
    return Position.from_parts(well, {**parts, "site": left, "plate": plate})


def _with_plates(paths: Sequence[PurePath], read: Sequence[Position | None]) -> list[Position | None]:
    """Name plates where there are several: where images would be of the same field otherwise."""
    folders = [_plate_folder(path, position) for path, position in zip(paths, read, strict=True)]
    ways = (
        lambda position, folder: "",
        lambda position, folder: position.plate,
        lambda position, folder: folder,
        lambda position, folder: "/".join(filter(None, (folder, position.plate))),
    )
    fewest, best = None, list(read)
    for way in ways:
        named = [
            None if position is None else replace(position, plate=way(position, folder))
            for position, folder in zip(read, folders, strict=True)
        ]
        fields = Counter((*position.field, position.channel, position.preview) for position in named if position)
        double = sum(count - 1 for count in fields.values())
        if fewest is None or double < fewest:
            fewest, best = double, named
    return best


def _plate_folder(path: PurePath, position: Position | None) -> str:
    """The nearest folder that is not one of a time, a plane, or the well."""
    for folder in path.parts[:-1][::-1]:
        well = Well.parse(re.sub(r"(?i)^well[ _-]?", "", folder))
        if not _NOT_A_PLATE.fullmatch(folder) and (position is None or well != position.well):
            return folder
    return ""
