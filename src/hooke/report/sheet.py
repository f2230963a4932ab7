"""Draws contact sheets: pages of small pictures with outlines and captions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import PIL.Image
import PIL.ImageDraw
import PIL.ImageFont
from numpy.typing import NDArray

from hooke.errors import ConfigError
from hooke.report.overlay import overlay
from hooke.report.palette import DARK, rgb
from hooke.report.picture_size import fitted_size

CAPTION = 30  # pixels below a picture: two lines
GAP = 8
BACKGROUND, INK, FAINT = rgb(DARK["page"]), rgb(DARK["ink"]), rgb(DARK["soft"])

UInt8 = NDArray[np.uint8]


@dataclass(frozen=True)
class Tile:
    """A picture of a contact sheet.

    Attributes
    ----------
    pixels : ndarray, shape (Y, X) or (Y, X, C)
    labels : ndarray of int32, shape (Y, X)
        Outlined; 0 is background.
    caption : sequence of str
        Up to two lines.
    """

    pixels: NDArray[np.generic]
    labels: NDArray[np.int32]
    caption: Sequence[str]


def draw_pages(tiles: Iterable[Tile], *, columns: int = 6, rows: int = 5, side: int = 256) -> Iterator[UInt8]:
    """Lay pictures out on pages; one page is in memory at a time.

    Parameters
    ----------
    tiles : iterable of Tile
        Drawn from one by one.
    columns, rows : int
        Of a page.
    side : int
        Pixels of the longer side of a picture.

    Yields
    ------
    ndarray of uint8, shape (Y, X, 3)
        A page; the last one is as high as it needs to be.

    Raises
    ------
    ConfigError
        If there is no room for a picture.
    """
    if min(columns, rows) < 1 or side < 32:
        raise ConfigError(
            f"{columns} x {rows} pictures of {side} pixels", remedy="give 1 or more, of 32 pixels or more"
        )
    cells: list[PIL.Image.Image] = []
    for tile in tiles:
        cells.append(_draw_tile(tile, side))
        if len(cells) == columns * rows:
            yield _lay_out(cells, columns)
            cells = []
    if cells:
        yield _lay_out(cells, columns)


def _draw_tile(tile: Tile, side: int) -> PIL.Image.Image:
    """Outline at full size, shrink, and write the caption below."""
    picture = overlay(tile.pixels, tile.labels)
    size = fitted_size(picture.shape, side)
    how = cv2.INTER_AREA if max(picture.shape[:2]) > side else cv2.INTER_NEAREST
    cell = PIL.Image.new("RGB", (side, side + CAPTION), BACKGROUND)
    cell.paste(PIL.Image.fromarray(np.asarray(cv2.resize(picture, size, interpolation=how))), (0, 0))
    pen = PIL.ImageDraw.Draw(cell)
    for line, text in enumerate(tile.caption[:2]):
        pen.text((0, side + 2 + 13 * line), _fitting(pen, text, side), fill=INK if line == 0 else FAINT, font=_font(11))
    return cell


def _fitting(pen: PIL.ImageDraw.ImageDraw, text: str, width: int) -> str:
    """Cut a text that is too long for its place."""
    font, shown = _font(11), text
    while shown and pen.textlength(shown, font=font) > width:
        text = text[:-1]
        shown = f"{text}…"
    return shown


def _font(size: int) -> PIL.ImageFont.FreeTypeFont | PIL.ImageFont.ImageFont:
    """Pillow's own font: no file of the system is needed."""
    return PIL.ImageFont.load_default(size)


def _lay_out(cells: Sequence[PIL.Image.Image], columns: int) -> UInt8:
    """Put pictures into rows."""
    columns = min(columns, len(cells))
    width, height = cells[0].size
    rows = -(-len(cells) // columns)
    page = PIL.Image.new("RGB", (GAP + columns * (width + GAP), GAP + rows * (height + GAP)), BACKGROUND)
    for index, cell in enumerate(cells):
        row, column = divmod(index, columns)
        page.paste(cell, (GAP + column * (width + GAP), GAP + row * (height + GAP)))
    return np.asarray(page, np.uint8)
