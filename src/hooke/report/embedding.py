"""Draws a map of images, on which similar ones lie near each other.

The axes are the first two principal components of the standardised features. Every image is a dot in the colour of
its group; as many thumbnails as find room are drawn over the dots, framed in the same colour.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image as Picture
from PIL import ImageDraw, ImageFont

from hooke.image import Image
from hooke.report.overlay import to_rgb
from hooke.report.palette import LIGHT, series_name

UInt8 = NDArray[np.uint8]

#: Side of a thumbnail in pixels.
THUMBNAIL: Final = 64

_WIDTH, _HEIGHT = 1500, 1000
_LEFT, _TOP, _RIGHT, _BOTTOM = 70, 70, 330, 70  # margins around the plot; the legend stands in the right one
_ROOM = 1.12  # thumbnails are this many times their side apart
_INK, _FAINT, _GRID, _PAPER = LIGHT["ink"], LIGHT["soft"], LIGHT["rule"], LIGHT["card"]


@dataclass(frozen=True)
class _Canvas:
    picture: Picture.Image
    draw: ImageDraw.ImageDraw
    colours: dict[str, str]


def draw_embedding(
    features: NDArray[np.float64],
    groups: Sequence[str],
    thumbnails: Sequence[UInt8],
    *,
    title: str = "",
    marked: Sequence[bool] = (),
    mark_meaning: str = "",
) -> UInt8:
    """Draw the map.

    Parameters
    ----------
    features : ndarray, shape (N, F)
    groups : sequence of str
        Each image's group, by which it is coloured.
    thumbnails : sequence of ndarray of uint8, shape (64, 64, 3)
        See `make_thumbnail`.
    title : str
    marked : sequence of bool
        Images that get a black ring, and their thumbnails first; none by default.
    mark_meaning : str
        What the ring says, for the legend.

    Returns
    -------
    ndarray of uint8, shape (1000, 1500, 3)
        Red, green, blue.
    """
    marks = list(marked) or [False] * len(groups)
    components, explained = principal_components(features)
    places = _to_plot(components)
    names = sorted(set(groups))
    picture = Picture.new("RGB", (_WIDTH, _HEIGHT), _PAPER)
    colours = {name: LIGHT[series_name(index)] for index, name in enumerate(names)}
    canvas = _Canvas(picture, ImageDraw.Draw(picture), colours)
    _draw_axes(canvas, title, explained)
    _draw_dots(canvas, places, groups, marks)
    _draw_thumbnails(canvas, places, groups, thumbnails, marks)
    _draw_legend(canvas, Counter(groups), sum(marks), mark_meaning)
    return np.asarray(picture, np.uint8).copy()


def principal_components(features: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """First two principal components of standardised features, by singular value decomposition.

    Parameters
    ----------
    features : ndarray, shape (N, F)

    Returns
    -------
    components : ndarray, shape (N, 2)
        Each component's sign is such that its largest weight is positive, so that a map does not flip between runs.
    explained : ndarray, shape (2,)
        Shares of the variance, 0..1; 0 for one that does not vary.
    """
    centred = features - features.mean(axis=0)
    spread = centred.std(axis=0)
    standard = centred / np.where(spread > 1e-12, spread, 1)
    left, singular, right = np.linalg.svd(standard, full_matrices=False)
    signs = np.sign(right[np.arange(len(right)), np.abs(right).argmax(axis=1)])
    count = min(2, len(singular))
    components = np.zeros((len(features), 2))
    components[:, :count] = (left * singular * signs)[:, :count]
    explained = np.zeros(2)
    explained[:count] = (singular**2 / max(float((singular**2).sum()), 1e-12))[:count]
    return components, explained


def make_thumbnail(image: Image) -> UInt8:
    """Shrink an image to a square of 64 pixels, its middle cut out and its intensities stretched.

    Returns
    -------
    ndarray of uint8, shape (64, 64, 3)
    """
    side = min(image.height, image.width)
    top, left = (image.height - side) // 2, (image.width - side) // 2
    step = max(1, side // (4 * THUMBNAIL))
    small = to_rgb(image.pixels[top : top + side : step, left : left + side : step], None)
    return np.asarray(cv2.resize(small, (THUMBNAIL, THUMBNAIL), interpolation=cv2.INTER_AREA), np.uint8)


def _to_plot(components: NDArray[np.float64]) -> NDArray[np.intp]:
    """Places (x, y) in the picture; each axis fills the plot, thumbnails included."""
    low, high = components.min(axis=0), components.max(axis=0)
    span = np.where(high - low > 1e-9, high - low, 1)
    share = np.where(high - low > 1e-9, (components - low) / span, 0.5)
    edge = THUMBNAIL * 0.7
    width, height = _WIDTH - _LEFT - _RIGHT - 2 * edge, _HEIGHT - _TOP - _BOTTOM - 2 * edge
    x = _LEFT + edge + share[:, 0] * width
    y = _TOP + edge + (1 - share[:, 1]) * height
    return np.stack([x, y], axis=1).round().astype(np.intp)


def _draw_axes(canvas: _Canvas, title: str, explained: NDArray[np.float64]) -> None:
    draw = canvas.draw
    draw.rectangle((_LEFT, _TOP, _WIDTH - _RIGHT, _HEIGHT - _BOTTOM), outline=_GRID)
    draw.text((_LEFT, _TOP // 2), title, fill=_INK, font=ImageFont.load_default(26), anchor="lm")
    font = ImageFont.load_default(20)
    across = f"first principal component ({explained[0]:.0%} of the variance)"
    draw.text(((_LEFT + _WIDTH - _RIGHT) / 2, _HEIGHT - _BOTTOM / 2), across, fill=_INK, font=font, anchor="mm")
    up = f"second principal component ({explained[1]:.0%})"
    upright = Picture.new("RGB", (600, 40), _PAPER)
    ImageDraw.Draw(upright).text((300, 20), up, fill=_INK, font=font, anchor="mm")
    turned = upright.rotate(90, expand=True)
    canvas.picture.paste(turned, ((_LEFT - turned.width) // 2, (_HEIGHT - turned.height) // 2))


def _draw_dots(canvas: _Canvas, places: NDArray[np.intp], groups: Sequence[str], marks: Sequence[bool]) -> None:
    for (x, y), name, mark in zip(places.tolist(), groups, marks, strict=True):
        _dot(canvas, x, y, name, mark)


def _dot(canvas: _Canvas, x: int, y: int, name: str, mark: bool) -> None:
    canvas.draw.circle((x, y), 6, fill=canvas.colours[name], outline=_PAPER)
    if mark:
        canvas.draw.circle((x, y), 10, outline=_INK, width=3)


def _draw_thumbnails(
    canvas: _Canvas,
    places: NDArray[np.intp],
    groups: Sequence[str],
    thumbnails: Sequence[UInt8],
    marks: Sequence[bool],
) -> None:
    """Draw those that do not hide another: marked ones first, then small groups, since large ones find room anyway."""
    sizes = Counter(groups)
    order = sorted(range(len(groups)), key=lambda index: (not marks[index], sizes[groups[index]]))
    drawn: list[NDArray[np.intp]] = []
    for index in order:
        place = places[index]
        if drawn and np.abs(np.stack(drawn) - place).max(axis=1).min() < _ROOM * (THUMBNAIL + 8):
            continue
        drawn.append(place)
        x, y = (place - THUMBNAIL // 2).tolist()
        frame = (x - 4, y - 4, x + THUMBNAIL + 3, y + THUMBNAIL + 3)
        canvas.draw.rectangle(frame, fill=_INK if marks[index] else canvas.colours[groups[index]])
        canvas.picture.paste(Picture.fromarray(thumbnails[index]), (x, y))


def _draw_legend(canvas: _Canvas, sizes: Counter[str], marked: int, mark_meaning: str) -> None:
    font = ImageFont.load_default(20)
    x, y = _WIDTH - _RIGHT + 30, _TOP + 20
    for name in canvas.colours:
        _dot(canvas, x, y, name, False)
        canvas.draw.text((x + 20, y), f"{name}: {sizes[name]}", fill=_INK, font=font, anchor="lm")
        y += 36
    if marked:
        canvas.draw.circle((x, y), 10, outline=_INK, width=3)
        canvas.draw.text((x + 20, y), f"{mark_meaning}: {marked}", fill=_INK, font=font, anchor="lm")
        y += 36
    note = "dot: an image\npicture: some of the images,\nwhere there is room"
    canvas.draw.text((x - 6, y), note, fill=_FAINT, font=ImageFont.load_default(16))
