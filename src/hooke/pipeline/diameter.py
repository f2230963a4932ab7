"""Typical diameter of the objects in an image, measured by the network in a first pass over a few scales.

The network's diameter map tells, at every pixel of an object, how large that object is. It is right where objects
appear at a size that the network was trained on; far larger ones look like texture or background to it. So the same
fields are looked at on several scales, and each scale is believed for the objects that it shows at a trusted size.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hooke.models import Model, predict_maps
from hooke.models.predict import Network
from hooke.preprocess import Normalisation

__all__ = ["estimate_diameter"]

_SCALES = (1.0, 0.5, 0.25, 0.125)
_FIELD = 512  # side of the fields looked at, network pixels
_FIELDS = 4  # at most so many on each scale


@dataclass(frozen=True)
class _Vote:
    """Diameters (image pixels) that one scale sees, and how many objects stand behind each."""

    diameter: NDArray[np.float64]
    weight: NDArray[np.float64]


def estimate_diameter(
    model: Model, network: Network, pixels: NDArray[np.generic], normalisation: Normalisation
) -> float | None:
    """Median diameter of an image's objects.

    Parameters
    ----------
    model : Model
        Its scheme must have a diameter map.
    network : callable
        The model's network.
    pixels : ndarray, shape (Y, X) or (Y, X, C)
    normalisation : Normalisation

    Returns
    -------
    float or None
        Pixels; None when no object is seen on any scale.
    """
    votes = [_look(model, network, pixels, normalisation, scale) for scale in _SCALES if _worth(pixels, scale)]
    diameter = _median(votes)
    if diameter is not None and diameter < model.settings.diameter_band[0] * 0.75:
        votes.append(_look(model, network, pixels, normalisation, 2.0))
        diameter = _median(votes)
    return diameter


def _worth(pixels: NDArray[np.generic], scale: float) -> bool:
    """A scale on which the image is smaller than two receptive steps of the network shows nothing new."""
    return scale == 1 or min(pixels.shape[:2]) * scale >= 64


def _look(
    model: Model, network: Network, pixels: NDArray[np.generic], normalisation: Normalisation, scale: float
) -> _Vote:
    seen = [_look_at(model, network, pixels[field], normalisation, scale) for field in _fields(pixels.shape, scale)]
    return _Vote(np.concatenate([one.diameter for one in seen]), np.concatenate([one.weight for one in seen]))


def _fields(shape: tuple[int, ...], scale: float) -> list[tuple[slice, slice]]:
    """Up to four fields, spread over the image."""
    side = round(_FIELD / scale)
    height, width = shape[:2]
    tops = _starts(height, side)
    lefts = _starts(width, side)
    corners = [(top, left) for top in tops for left in lefts][:_FIELDS]
    return [np.s_[top : top + side, left : left + side] for top, left in corners]


def _starts(length: int, side: int) -> list[int]:
    if length <= side:
        return [0]
    if length <= 2 * side:
        return [(length - side) // 2] if length < 1.3 * side else [0, length - side]
    return [length // 4 - side // 2, (3 * length) // 4 - side // 2]


def _look_at(
    model: Model, network: Network, field: NDArray[np.generic], normalisation: Normalisation, scale: float
) -> _Vote:
    maps = predict_maps(network, field, normalisation, scale=scale, maps=4).astype(np.float32) / 65535
    decoded = model.scheme.decode(maps)
    if not len(decoded.scores):
        return _Vote(np.zeros(0), np.zeros(0))
    flat = decoded.labels.ravel()
    area = np.bincount(flat)[1:]
    told = np.bincount(flat, weights=maps[3].ravel())[1:] / area
    # The map speaks of network pixels, the area of image pixels.
    by_map = model.scheme.diameter_of(told) / scale
    by_area = np.sqrt(area * 4 / np.pi)
    trust = _trust(by_map * scale, model.settings.diameter_band) * _agreement(by_map, by_area) * decoded.scores
    return _Vote(by_map, trust)


def _trust(apparent: NDArray[np.float64], band: tuple[float, float]) -> NDArray[np.float64]:
    """1 for objects that appear at a trusted size, falling to 0 an octave outside."""
    below = np.log2(np.maximum(band[0] / apparent, 1))
    above = np.log2(np.maximum(apparent / band[1], 1))
    return np.clip(1 - below - above, 0.0, 1.0)


def _agreement(first: NDArray[np.float64], second: NDArray[np.float64]) -> NDArray[np.float64]:
    """1 where both are equal, 0 where they are an octave apart or more: a splinter of a nucleus has no say."""
    return np.clip(1 - np.abs(np.log2(first / second)), 0.0, 1.0)


def _median(votes: list[_Vote]) -> float | None:
    """Weighted median; objects count by their diameter, between by number and by area."""
    diameter = np.concatenate([vote.diameter for vote in votes])
    weight = np.concatenate([vote.weight for vote in votes]) * diameter
    if weight.sum() < 1e-6:
        return None
    order = np.argsort(diameter)
    total = np.cumsum(weight[order])
    return float(diameter[order][np.searchsorted(total, total[-1] / 2)])
