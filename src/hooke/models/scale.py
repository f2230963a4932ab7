"""Computes the magnification of an image for a network from the diameter of its objects."""

from __future__ import annotations

import math

_STEPS = 16  # to each doubling: 4 % apart, far less than nuclei of one image differ


def scale_for(
    diameter: float, band: tuple[float, float], limits: tuple[float, float] = (1 / 16, 8.0), *, exact: bool = False
) -> float:
    """Network pixels per image pixel.

    Parameters
    ----------
    diameter : float
        Typical diameter of the image's objects, pixels.
    band : (float, float)
        Smallest and largest diameter (pixels) that the network sees well. An image within it stays as it is;
        another is brought to the nearer end, for a larger change costs time or detail and buys nothing.
    limits : (float, float)
        The scale is kept within these.
    exact : bool
        Whether every scale is taken, as for images that are to fill a frame.

    Returns
    -------
    float
        A power of the 16th root of 2, unless it is to be exact. So a diameter that is measured a little differently,
        by other arithmetic or on another crop of the image, hardly ever changes the scale, and with it every outline.

    Examples
    --------
    >>> scale_for(14.0, (28.0, 40.0)), scale_for(14.1, (28.0, 40.0)), scale_for(27.5, (28.0, 40.0))
    (2.0, 2.0, 1.0)
    """
    low, high = band
    scale = 1.0
    if diameter < low:
        scale = low / diameter
    elif diameter > high:
        scale = high / diameter
    if not exact:
        scale = float(2 ** (round(_STEPS * math.log2(scale)) / _STEPS))
    return min(max(scale, limits[0]), limits[1])
