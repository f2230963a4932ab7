"""Brings the channels of an image into the order in which a classifier learnt them, by their names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from hooke.image import Image


def bring_into_order(image: Image, names: Sequence[str]) -> tuple[Image, tuple[str, ...]]:
    """Take the channels of these names, in this order.

    Parameters
    ----------
    image : Image
    names : sequence of str
        Of the channels that a classifier learnt from, in its order; none where they are not known.

    Returns
    -------
    image : Image
        As it is, where names do not say which channel is which.
    warnings : tuple of str
        That its channels were taken in their own order, where they are named otherwise or not at all.

    Examples
    --------
    >>> image = Image(np.zeros((2, 2, 2)), channel_names=("FITC", "DAPI"))
    >>> bring_into_order(image, ("DAPI", "FITC"))[0].channel_names
    ('DAPI', 'FITC')
    """
    own = image.channel_names
    if not names or image.channels == 1 or own == tuple(names):
        return image, ()
    if len(set(own)) == len(own) and set(names) <= set(own):
        places = [own.index(name) for name in names]
        pixels = np.ascontiguousarray(image.pixels[..., places])
        return replace(image, pixels=pixels, channel_names=tuple(names)), ()
    here = f"are named {', '.join(own)}" if own else "have no names"
    said = (
        f"channels {here}, and those that the classifier learnt from are {', '.join(names)}: they were taken in their "
        "own order, so check that it is the same"
    )
    return image, (said,)
