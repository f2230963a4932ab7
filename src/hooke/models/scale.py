"""Computes the magnification of an image for a network from the diameter of its objects."""

from __future__ import annotations


def scale_for(diameter: float, band: tuple[float, float], limits: tuple[float, float] = (1 / 16, 8.0)) -> float:
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
    """
    low, high = band
    scale = 1.0
    if diameter < low:
        scale = low / diameter
    elif diameter > high:
        scale = high / diameter
    return min(max(scale, limits[0]), limits[1])
