"""Gives the colours in which objects and their classes are outlined, the same in pictures and in files."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

#: Red, green and blue: bright, and apart in hue; white is left out because the brightest nuclei are white.
OUTLINE_COLOURS: Final = (
    (255, 225, 25),
    (0, 225, 255),
    (110, 255, 60),
    (255, 140, 20),
    (255, 90, 75),
    (255, 130, 215),
)


def class_colours(names: Iterable[str]) -> dict[str, tuple[int, int, int]]:
    """Give each class a colour, by its place in the alphabet.

    Examples
    --------
    >>> class_colours(["stroma", "immune"])["immune"]
    (255, 225, 25)
    """
    ordered = sorted(set(names))
    return {name: OUTLINE_COLOURS[place % len(OUTLINE_COLOURS)] for place, name in enumerate(ordered)}
