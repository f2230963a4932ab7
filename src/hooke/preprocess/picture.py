"""Recognises colour images among images of three channels that are not marked as red, green and blue.

A slide in transmitted light is bright in red, green and blue, and detail is dark; three stains of fluorescence
are dark except their objects. Which it is shows in the pixels, of any type. Three equal channels are grey
stored as colour, and an empty channel is a colour that a merge of two stains does not use.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from hooke.image import Image, sample_grid
from hooke.preprocess.modality import Appearance, describe

_COLOUR_NAMES = frozenset(["red", "green", "blue", "r", "g", "b"])
_BRIGHT = 0.15  # median of the darkest channel, as a share of the image's brightest: 0.2 or more on 153 slides
_SAMPLE = 65_536  # pixels


def recognise_picture(image: Image) -> Image:
    """Mark an image of three channels as red, green and blue where its pixels are those of a picture.

    Parameters
    ----------
    image : Image
        Of any type. Channels with names other than those of colours are left alone.

    Returns
    -------
    Image
        The same pixels.
    """
    return _recognise(image)[0]


def describe_picture(image: Image) -> tuple[Image, Appearance]:
    """Do as `recognise_picture`, and describe the result; an image is described once where that is enough for both."""
    marked, appearance = _recognise(image)
    return marked, appearance or describe(marked)


def _recognise(image: Image) -> tuple[Image, Appearance | None]:
    """Mark a picture; its appearance comes along where that decided."""
    if image.is_rgb or image.channels != 3 or not {name.casefold() for name in image.channel_names} <= _COLOUR_NAMES:
        return image, None
    sample = np.nan_to_num(np.asarray(sample_grid(image.pixels, _SAMPLE), np.float32).reshape(-1, 3))
    coloured = replace(image, is_rgb=True, channel_names=())
    if (sample == sample[:, :1]).all() or not sample.any(axis=0).all():
        return coloured, None
    brightest = max(float(np.percentile(sample, 99.8)), 1e-9)
    if float(np.median(sample, axis=0).min()) < _BRIGHT * brightest:
        return image, None
    appearance = describe(coloured)
    return (image, None) if appearance.modality == "fluorescence" else (coloured, appearance)
