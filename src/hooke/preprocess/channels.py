"""Selects an image's channels for networks that take other inputs than grey or three colours."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hooke.errors import ConfigError, ImageReadError
from hooke.image import Image

_LIMIT = 4  # OpenCV warps, and averages areas of, no more channels at once


@dataclass(frozen=True)
class Channels:
    """Which channels a network takes, in which order.

    Parameters
    ----------
    indices : tuple of int
        0 is an image's first.
    only : bool
        Whether an image may have no others.

    Examples
    --------
    >>> Channels((2, 0)).take(Image(np.arange(3).reshape(1, 1, 3))).pixels.tolist()
    [[[2, 0]]]
    """

    indices: tuple[int, ...]
    only: bool = False

    def take(self, image: Image) -> Image:
        """Take them from an image.

        Returns
        -------
        Image
            Its pixels have the shape (Y, X, C), with any C.

        Raises
        ------
        ImageReadError
            When the image lacks one of them, or has others where it may not.
        """
        named, needed = ", ".join(map(str, self.indices)), max(self.indices) + 1
        if image.channels < needed or (self.only and image.channels > needed):
            raise ImageReadError(
                f"has {image.channels} channel(s), but the network takes channel {named} of {needed}"
                + ("" if self.only else " or more"),
                path=image.path or image.name,
                remedy="give images with the channels that it was, or is to be, trained on (`channels` of the "
                "configuration chooses some)",
            )
        pixels = image.pixels if image.pixels.ndim == 3 else image.pixels[..., None]
        if self.indices != tuple(range(pixels.shape[2])):
            pixels = pixels[..., list(self.indices)]
        names = tuple(image.channel_names[index] for index in self.indices) if image.channel_names else ()
        return replace(image, pixels=pixels, channel_names=names, is_rgb=False)


def find_channel(image: Image, channel: int | str) -> int:
    """Find a channel of an image by its number (0 is the first) or its name, in any case of letters.

    Raises
    ------
    ConfigError
        When the image has no such channel, or several of that name; the message lists its channels.
    """
    names = image.channel_names or (("red", "green", "blue") if image.is_rgb else ())
    if isinstance(channel, str):
        found = [number for number, name in enumerate(names) if name.casefold() == channel.casefold()]
        if len(found) == 1:
            return found[0]
    elif 0 <= channel < image.channels:
        return channel
    listed = f": {', '.join(map(repr, names))}" if names else ""
    raise ConfigError(
        f"has {image.channels} channel(s), so there is no channel {channel}",
        path=image.path or image.name,
        remedy=f"choose one of 0 to {image.channels - 1}{listed}" if image.channels > 1 else "choose 0, its only one",
    )


def in_chunks_of_four_channels(pixels: NDArray[Any], change: Callable[[NDArray[Any]], NDArray[Any]]) -> NDArray[Any]:
    """Apply what OpenCV does to at most four channels at once to pixels (Y, X[, C]) of any number.

    OpenCV also drops the last axis of one channel; here it stays.
    """
    if pixels.ndim == 2:
        return change(pixels)
    parts = [change(pixels[..., start : start + _LIMIT]) for start in range(0, pixels.shape[2], _LIMIT)]
    parts = [part if part.ndim == 3 else part[..., None] for part in parts]
    return parts[0] if len(parts) == 1 else np.concatenate(parts, axis=2)
