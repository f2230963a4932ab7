"""The colours of every page, plot and picture, in one place."""

from __future__ import annotations

import re
from typing import Final

import numpy as np

from hooke.labels.colours import OUTLINE_COLOURS

#: How many series of a plot differ in colour and line style; a further one takes the first again.
SERIES: Final = 6

#: Colours on a light page: names as the style sheet has them (``var(--ink)``) to hexadecimal. ``s0`` to ``s5`` are the
#: series: the colours of Okabe and Ito (2008), which colour-blind people can distinguish, dark enough for thin lines on
#: white.
LIGHT: Final = {
    "page": "#fbfaf8",
    "card": "#ffffff",
    "ink": "#1f2328",
    "soft": "#5b626b",
    "rule": "#dcdad5",
    "link": "#0b5cad",
    "s0": "#0b62b0",
    "s1": "#c2500b",
    "s2": "#11805c",
    "s3": "#a5408a",
    "s4": "#7a6a00",
    "s5": "#5d5fc7",
    "warn": "#fff4d6",
    "warn-rule": "#d9a514",
}

#: The same names on a dark page.
DARK: Final = {
    "page": "#181a1d",
    "card": "#1e2125",
    "ink": "#e8e8e8",
    "soft": "#969ca3",
    "rule": "#363b42",
    "link": "#7db9f2",
    "s0": "#69b1f5",
    "s1": "#f39a57",
    "s2": "#57c9a0",
    "s3": "#e38fcb",
    "s4": "#d6c34a",
    "s5": "#a9abff",
    "warn": "#3a3015",
    "warn-rule": "#b98d16",
}

#: Outlines on images: bright, and apart in hue; white is left out because the brightest nuclei are white.
OUTLINES: Final = np.array(OUTLINE_COLOURS, np.uint8)


def series_name(index: int) -> str:
    """Name of the colour and line style of a plot's series, counted from 0."""
    return f"s{index % SERIES}"


def rgb(colour: str) -> tuple[int, int, int]:
    """Red, green and blue of a hexadecimal colour.

    Examples
    --------
    >>> rgb("#0b62b0")
    (11, 98, 176)
    """
    red, green, blue = bytes.fromhex(colour.removeprefix("#"))
    return red, green, blue


def page_colours() -> str:
    """Give the colours as CSS variables, light or dark as the reader's system or the page's ``data-theme`` says."""
    light, dark = (
        " ".join(f"--{name}: {colour};" for name, colour in colours.items()) + f" color-scheme: {scheme};"
        for scheme, colours in (("light", LIGHT), ("dark", DARK))
    )
    return (
        f":root {{ {light} }}\n"
        f'@media (prefers-color-scheme: dark) {{ :root:not([data-theme="light"]) {{ {dark} }} }}\n'
        f':root[data-theme="dark"] {{ {dark} }}\n'
    )


def with_colours(css: str) -> str:
    """Write the light colours into a style sheet in place of its variables, for programs that do not know variables."""
    return re.sub(r"var\(--([\w-]+)\)", lambda found: LIGHT[found[1]], css)
