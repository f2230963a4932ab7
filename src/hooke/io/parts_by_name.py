"""Says where files, by their names, look like parts of one image that are not joined: channels in folders, planes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from hooke.errors import readable
from hooke.io.channel_parts import STAIN

_CHANNEL = re.compile(r"(?:ch|channel)[ _-]?\d{1,2}", re.IGNORECASE)
_DEPTH = re.compile(
    r"(?:^|(?<=[_\-. ]))z(?:[ _-]?(?:plane|slice|stack))?[ _-]?(?P<plane>\d{1,4})(?=[_\-. ]|$)", re.IGNORECASE
)


def parts_left_apart(paths: Sequence[Path]) -> tuple[str, ...]:
    """Say where each file of such parts counts as an image of its own.

    Parameters
    ----------
    paths : sequence of Path
        All images of a run.

    Examples
    --------
    >>> parts_left_apart([Path("DAPI/a.tif"), Path("GFP/a.tif")])[0][:50]
    'DAPI/a.tif and GFP/a.tif look like channels of one'
    >>> parts_left_apart([Path("a_z1.tif"), Path("a_z2.tif")])[0][:50]
    'a_z1.tif and a_z2.tif look like planes in depth of'
    """
    return (*_channel_folders(paths), *_planes(paths))


def _channel_folders(paths: Sequence[Path]) -> tuple[str, ...]:
    """Files of one name in folders that are called as channels are."""
    found: dict[tuple[Path, str], list[Path]] = {}
    for path in paths:
        if STAIN.fullmatch(path.parent.name) or _CHANNEL.fullmatch(path.parent.name):
            found.setdefault((path.parent.parent, path.name), []).append(path)
    pairs = [group for group in found.values() if len(group) > 1]
    if not pairs or 2 * sum(map(len, pairs)) < len(paths):
        return ()
    one, other = (readable("/".join(path.parts[-2:])) for path in pairs[0][:2])
    return (
        f"{one} and {other} look like channels of one image, and each is an image of its own: give the folder of the "
        "nuclei alone, or save all channels of an image in one file",
    )


def _planes(paths: Sequence[Path]) -> tuple[str, ...]:
    """Files whose names differ in the number of a plane in depth alone."""
    stacks: dict[tuple[Path, str, str], list[Path]] = {}
    for path in paths:
        if depth := _DEPTH.search(path.stem):
            before, after = path.name[: depth.start()], path.name[depth.end() :]
            stacks.setdefault((path.parent, before, after), []).append(path)
    several = [group for group in stacks.values() if len(group) > 1]
    if not several:
        return ()
    one, other = (readable(path.name) for path in several[0][:2])
    return (
        f"{one} and {other} look like planes in depth of one stack, and each is an image of its own: an object that "
        "several planes show counts in each",
    )
