"""Draws tiles as PNG: the image with contrast and colours, and the numbers of the objects in 24 bits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import imagecodecs
import numpy as np
from numpy.typing import NDArray

from hooke.report.palette import rgb
from hooke.serve.answers import ApiError
from hooke.serve.api_models import Channel
from hooke.serve.pixel_planes import FAR, PixelPlanes
from hooke.serve.stored_image import StoredImage
from hooke.serve.tile_grid import TILE, find_tile

_FAST = 1  # level of compression


@dataclass(frozen=True)
class Look:
    """How channels are shown.

    Parameters
    ----------
    places : list of int
    low, high : list of float
        Intensities that are black, and of full colour.
    colours : list of (int, int, int)
    """

    places: list[int]
    low: list[float]
    high: list[float]
    colours: list[tuple[int, int, int]]

    @classmethod
    def parse(
        cls, known: Sequence[Channel], channels: str | None, low: str | None, high: str | None, colours: str | None
    ) -> Look:
        """Read it from parameters of an address: values with commas between them, in the order of `channels`.

        Raises
        ------
        ApiError
            When a value is not one, or their numbers differ.
        """
        if channels == "":
            return cls([], [], [], [])
        places = list(range(len(known))) if channels is None else [_whole(text) for text in channels.split(",")]
        if any(not 0 <= place < len(known) for place in places) or len(places) > len(known):
            raise ApiError(422, f"the image has the channels 0 to {len(known) - 1}", "name some of them, each once")
        lows = [known[place].low for place in places] if not low else [_number(text) for text in low.split(",")]
        highs = [known[place].high for place in places] if not high else [_number(text) for text in high.split(",")]
        texts = [known[place].colour for place in places] if not colours else colours.split(",")
        if not len(lows) == len(highs) == len(texts) == len(places):
            raise ApiError(422, "low, high and colours differ in number from the channels", "give one of each")
        return cls(places, lows, highs, [_colour(text) for text in texts])

    def draw(self, pixels: NDArray[np.float32]) -> NDArray[np.uint8]:
        """Add up the channels in their colours.

        Parameters
        ----------
        pixels : ndarray of float32, shape (Y, X, C)

        Returns
        -------
        ndarray of uint8, shape (Y, X, 3)
        """
        total = np.zeros((*pixels.shape[:2], 3), np.float32)
        for place, (low, high, colour) in enumerate(zip(self.low, self.high, self.colours, strict=True)):
            black, full = np.clip((low, high), -FAR, FAR)
            lit = np.clip((pixels[..., place].astype(np.float64) - black) / max(full - black, 1e-12), 0, 1)
            total += lit[..., None].astype(np.float32) * np.asarray(colour, np.float32)
        return np.rint(np.minimum(total, 255)).astype(np.uint8)


def image_tile(image: StoredImage, planes: PixelPlanes, plane: int, level: int, x: int, y: int, look: Look) -> bytes:
    """Draw a tile of an image as PNG; beyond the image it is black."""
    place = find_tile(image.facts.height, image.facts.width, level, x, y)
    tile = np.zeros((TILE, TILE, 3), np.uint8)
    if look.places:
        tile[: place.height, : place.width] = look.draw(planes.window(image, plane, place, look.places))
    return bytes(imagecodecs.png_encode(tile, level=_FAST))


def label_tile(image: StoredImage, plane: int, level: int, x: int, y: int) -> bytes:
    """Write the numbers of the objects as red, green and blue, red the highest byte; nearest neighbour, lossless."""
    place = find_tile(image.facts.height, image.facts.width, level, x, y)
    labels = np.zeros((TILE, TILE), np.uint32)
    labels[: place.height, : place.width] = image.result.labels.read(plane, place.rows, place.columns, place.step)
    split = np.stack([labels >> 16 & 255, labels >> 8 & 255, labels & 255], axis=-1).astype(np.uint8)
    return bytes(imagecodecs.png_encode(split, level=_FAST))


def _whole(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < 6):
        raise ApiError(422, f"{text[:20]!r} is not a channel", "give numbers with commas between them")
    return int(text)


def _number(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = np.nan
    if not np.isfinite(number):
        raise ApiError(422, f"{text[:20]!r} is not an intensity", "give numbers with commas between them")
    return number


def _colour(text: str) -> tuple[int, int, int]:
    try:
        if len(text.removeprefix("#")) == 6:
            return rgb(text)
    except ValueError:
        pass
    raise ApiError(422, f"{text[:20]!r} is not a colour", "write it as rrggbb, such as ff8800")
