"""Chooses a scene of a file, a level of a pyramid and a region of a plane, and refuses those that are not there."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from hooke.errors import ConfigError, ImageReadError, listed

#: Top row, left column, height and width, in pixels.
Region = tuple[int, int, int, int]

_LISTED = 20  # names of scenes in a remedy


def check_level(level: int, shapes: Sequence[tuple[int, int]], path: Path) -> None:
    """Refuse a level that a file does not have.

    Raises
    ------
    ImageReadError
        With the sizes of those that it has.
    """
    if not 0 <= level < max(1, len(shapes)):
        known = ", ".join(f"{number} ({height} x {width})" for number, (height, width) in enumerate(shapes))
        remedy = f"choose one of: {known}" if len(shapes) > 1 else "leave the level out: the file has one resolution"
        raise ImageReadError(f"has no level {level}", path=path, remedy=remedy)


def choose_scene(scene: str | None, scenes: Sequence[str], path: Path, default: str = "") -> str:
    """Take the scene asked for, else the default, and refuse one that a file does not have.

    Parameters
    ----------
    scene : str or None
    scenes : sequence of str
        Names of the file's scenes; none where it has one image.
    path : Path
    default : str

    Raises
    ------
    ImageReadError
        With the names of those that it has.
    """
    if scene is not None and scene not in scenes:
        known = f"choose one of: {', '.join(scenes[:_LISTED])}"
        remedy = known if len(scenes) > 1 else "leave the scene out: the file has one image"
        raise ImageReadError(f"has no scene {scene!r}", path=path, remedy=remedy)
    return default if scene is None else scene


def other_scenes(scenes: Sequence[str], chosen: str, which: str = "") -> tuple[str, ...]:
    """What the user should know of a file of which one scene is read unasked.

    Examples
    --------
    >>> other_scenes(["A", "B"], "A", ", its largest,")[0].split(":")[0]
    "only image 'A' of the file, its largest, was read; it also holds 'B'"
    """
    others = [repr(scene) for scene in scenes if scene != chosen]
    note = (
        f"only image {chosen!r} of the file{which} was read; it also holds {listed(others)}: "
        "hooke.read_image(file, scene=NAME) reads one, and the command hooke segment takes all"
    )
    return (note,) if others else ()


def coarser_size(
    size: tuple[float, float] | None, shapes: Sequence[tuple[int, int]], level: int
) -> tuple[float, float] | None:
    """Size of a pixel on a level, where the finest level's is known.

    Examples
    --------
    >>> coarser_size((0.25, 0.25), [(1000, 800), (500, 400)], 1)
    (0.5, 0.5)
    """
    if size is None or level == 0:
        return size
    (height, width), (coarse_height, coarse_width) = shapes[0], shapes[level]
    return size[0] * height / coarse_height, size[1] * width / coarse_width


def parse_region(region: str | Sequence[int] | None) -> Region | None:
    """Read a region: four whole numbers, or such a text as ``"2000,1000,512,512"``.

    Raises
    ------
    ConfigError
        When it is not one.

    Examples
    --------
    >>> parse_region("2000, 1000, 512, 256")
    (2000, 1000, 512, 256)
    """
    if region is None:
        return None
    texts = re.split(r"[,\s]+", region.strip()) if isinstance(region, str) else [str(number) for number in region]
    if len(texts) != 4 or not all(re.fullmatch(r"[0-9]{1,9}", text) for text in texts):
        raise ConfigError(
            f"region is {region!r}",
            remedy="give top row, left column, height and width in pixels, such as 2000,1000,512,512",
        )
    top, left, height, width = (int(text) for text in texts)
    if min(height, width) < 2:
        raise ConfigError(f"region is {height} x {width} pixels", remedy="give a height and a width of 2 or more")
    return top, left, height, width


def check_region(region: Region | None, shape: Sequence[int], path: Path | None) -> Region:
    """Give the region, all of a plane where there is none.

    Raises
    ------
    ImageReadError
        When it does not lie within the plane.
    """
    if region is None:
        return 0, 0, shape[0], shape[1]
    top, left, height, width = region
    if top + height > shape[0] or left + width > shape[1]:
        raise ImageReadError(
            f"has {shape[0]} x {shape[1]} pixels, so a region of {height} x {width} at row {top}, column {left} lies "
            "outside",
            path=path,
            remedy="give top row, left column, height and width of a region within it",
        )
    return region
