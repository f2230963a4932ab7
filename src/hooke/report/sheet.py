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

__all__ = ["Histogram", "Tile", "draw_histograms", "draw_pages"]

CAPTION = 30  # pixels below a picture: two lines
GAP = 8
BACKGROUND, INK, FAINT = (24, 26, 29), (232, 232, 232), (150, 156, 163)
SERIES = ((90, 170, 245), (243, 154, 87), (87, 201, 160), (227, 143, 203), (214, 195, 74), (169, 171, 255))
CHART = (420, 260)  # width and height of a histogram's panel
EDGES = (46, 30, 16, 40)  # left, top, right, bottom of its plot

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


@dataclass(frozen=True)
class Histogram:
    """Values of several groups, to be drawn as counts.

    Attributes
    ----------
    title, unit : str
    groups : dict of str to sequence of float
        A series for each.
    names : sequence of str
        Where the values are the numbers of categories, counted from 0: what they are called.
    """

    title: str
    unit: str
    groups: dict[str, Sequence[float]]
    names: Sequence[str] = ()


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
    factor = side / max(picture.shape[:2])
    size = (max(1, round(picture.shape[1] * factor)), max(1, round(picture.shape[0] * factor)))
    how = cv2.INTER_AREA if factor < 1 else cv2.INTER_NEAREST
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


# --- histograms ---------------------------------------------------------------------------------------------------


def draw_histograms(histograms: Sequence[Histogram], bins: int = 24) -> UInt8:
    """Draw histograms side by side, the groups of each stacked.

    Parameters
    ----------
    histograms : sequence of Histogram
    bins : int
        Bars of each; the outermost 1 % of the values at either end are counted with their neighbours.

    Returns
    -------
    ndarray of uint8, shape (Y, X, 3)
    """
    panels = [_draw_histogram(histogram, bins) for histogram in histograms]
    return _lay_out(panels, len(panels))


def _draw_histogram(histogram: Histogram, bins: int) -> PIL.Image.Image:
    panel = PIL.Image.new("RGB", CHART, BACKGROUND)
    pen = PIL.ImageDraw.Draw(panel)
    pen.text((EDGES[0], 6), histogram.title, fill=INK, font=_font(14))
    values = np.concatenate([np.zeros(0), *(np.asarray(group, np.float64) for group in histogram.groups.values())])
    if values.size == 0:
        pen.text((EDGES[0], CHART[1] // 2), "no objects", fill=FAINT, font=_font(12))
        return panel
    edges = _edges(values, bins, len(histogram.names))
    counts = [
        np.histogram(np.clip(np.asarray(group, np.float64), edges[0], edges[-1]), edges)[0]
        for group in histogram.groups.values()
    ]
    _draw_bars(pen, counts)
    _draw_axes(pen, edges, int(np.sum(counts, axis=0).max()), histogram)
    _draw_legend(pen, list(histogram.groups))
    return panel


def _edges(values: NDArray[np.float64], bins: int, categories: int) -> NDArray[np.float64]:
    """Choose the bars' edges: one bar for each category, or equal steps between percentiles."""
    if categories:
        return np.arange(categories + 1, dtype=np.float64) - 0.5
    low, high = np.percentile(values, (1, 99))
    return np.linspace(low, high if high > low else low + 1, bins + 1)


def _draw_bars(pen: PIL.ImageDraw.ImageDraw, counts: Sequence[NDArray[np.integer]]) -> None:
    """Stack the groups' bars."""
    left, top, right, bottom = EDGES[0], EDGES[1] + 18, CHART[0] - EDGES[2], CHART[1] - EDGES[3]
    scale = (bottom - top) / max(1, int(np.sum(counts, axis=0).max()))
    width = (right - left) / len(counts[0])
    below = np.zeros(len(counts[0]))
    for series, group in enumerate(counts):
        for index in np.flatnonzero(group):
            x, y = left + index * width, bottom - below[index] * scale
            box = (x + 0.5, y - group[index] * scale, x + width - 0.5, y)
            pen.rectangle(box, fill=SERIES[series % len(SERIES)])
        below += group


def _draw_axes(pen: PIL.ImageDraw.ImageDraw, edges: NDArray[np.float64], most: int, histogram: Histogram) -> None:
    """Write the range of either axis, or the names of the categories."""
    left, top, right, bottom = EDGES[0], EDGES[1] + 18, CHART[0] - EDGES[2], CHART[1] - EDGES[3]
    pen.line((left, bottom, right, bottom), fill=FAINT)
    width = (right - left) / max(1, len(histogram.names))
    for index, name in enumerate(histogram.names):
        text = _fitting(pen, name, int(width) - 4)
        pen.text((left + (index + 0.5) * width, bottom + 4), text, fill=FAINT, font=_font(11), anchor="ma")
    for share in () if histogram.names else (0.0, 0.5, 1.0):
        text = f"{edges[0] + share * (edges[-1] - edges[0]):.3g}"
        anchor = {0.0: "la", 0.5: "ma", 1.0: "ra"}[share]
        pen.text((left + share * (right - left), bottom + 4), text, fill=FAINT, font=_font(11), anchor=anchor)
    pen.text(((left + right) / 2, bottom + 19), histogram.unit, fill=FAINT, font=_font(11), anchor="ma")
    pen.text((left - 5, top), str(most), fill=FAINT, font=_font(11), anchor="rm")
    pen.text((left - 5, bottom), "0", fill=FAINT, font=_font(11), anchor="rm")


def _draw_legend(pen: PIL.ImageDraw.ImageDraw, names: Sequence[str]) -> None:
    """Name the groups in their colours."""
    x = float(EDGES[0])
    for series, name in enumerate(names):
        pen.text((x, EDGES[1] - 2), name, fill=SERIES[series % len(SERIES)], font=_font(11))
        x += pen.textlength(name, font=_font(11)) + 12
