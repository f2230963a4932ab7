"""Drops the opacity (alpha) of pictures; what is fully transparent does not belong to the image."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def drop_opacity(pixels: NDArray[np.generic]) -> NDArray[np.generic]:
    """Pixels (..., C) without their last band; where it is 0 the others become 0, too.

    Programs that cut a region out often leave the pixels outside of it as they were, and only make them transparent.
    Where all is transparent, the band says nothing.

    Examples
    --------
    >>> drop_opacity(np.array([[[5, 6, 7, 255], [5, 6, 7, 0]]])).tolist()
    [[[5, 6, 7], [0, 0, 0]]]
    """
    colours, opacity = pixels[..., :-1], pixels[..., -1]
    hidden = opacity == 0
    if hidden.any() and not hidden.all():
        colours = np.where(hidden[..., None], np.zeros((), pixels.dtype), colours)
    return np.ascontiguousarray(colours)
