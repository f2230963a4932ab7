"""Typical diameter of the objects in an image, measured by the network in a first pass over a few scales.

The network's diameter map tells, at every pixel of an object, how large that object is. It is right where objects
appear at a size that the network was trained on; far larger ones look like texture or background to it. So the same
fields are looked at on several scales, and each scale is believed for the objects that it shows at a trusted size.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from hooke.models import Model, predict_maps
from hooke.preprocess import AS_IT_IS, Normalisation, by_fours
from hooke.targets import TellsDiameter
from hooke.targets.levels import FULL

__all__ = ["FIRST_MAPS", "estimate_diameter"]

#: Maps that the first pass needs; the diameter map is the last of them.
FIRST_MAPS = 4

_SCALES = (1.0, 0.5, 0.25, 0.125)
_FIELD = 256  # side of the fields looked at, network pixels
_FIELDS = 4  # at most so many on each scale
_SMALL = 0.75  # objects below this share of the smallest trained ones are looked at twice as large, too


@dataclass(frozen=True)
class _Vote:
    """Diameters (image pixels) that one scale sees, and how many objects stand behind each."""

    diameter: NDArray[np.float64]
    weight: NDArray[np.float64]


def estimate_diameter(
    model: Model,
    pixels: NDArray[np.generic],
    normalisation: Normalisation,
    *,
    threads: int = 1,
    known: NDArray[np.uint16] | None = None,
) -> float | None:
    """Median diameter of an image's objects.

    Parameters
    ----------
    model : Model
        Its scheme must have a diameter map.
    pixels : ndarray, shape (Y, X) or (Y, X, C)
    normalisation : Normalisation
    threads : int
        Fields looked at at once.
    known : ndarray of uint16, shape (4, Y, X), optional
        The maps of the whole image at scale 1, where they are there already.

    Returns
    -------
    float or None
        Pixels; None when no object is seen on any scale.
    """
    network = model.network(1)
    scheme = model.scheme_for(colour=normalisation.keeps_colours)
    assert isinstance(scheme, TellsDiameter), "asked of a scheme without a diameter map"

    def look(job: tuple[float, tuple[slice, slice]]) -> _Vote:
        scale, field = job
        maps = known if scale == 1 else None
        if maps is None:
            # Resized here rather than by predict_maps: the maps then stay as small as what the network sees.
            window = normalisation.apply(_resize(normalisation.select(pixels[field]), scale))
            maps = predict_maps(network, window, AS_IT_IS, maps=FIRST_MAPS)
        return _vote(scheme, model.settings.trained_diameters, maps, scale)

    with ThreadPoolExecutor(threads) as pool:
        votes = list(pool.map(look, _jobs(pixels.shape, _SCALES, known is not None)))
        diameter = _median(_join(votes))
        if diameter is not None and diameter < model.settings.trained_diameters[0] * _SMALL:
            votes += pool.map(look, _jobs(pixels.shape, (2.0,), False))
            diameter = _median(_join(votes))
    return diameter


def _jobs(shape: tuple[int, ...], scales: tuple[float, ...], whole: bool) -> list[tuple[float, tuple[slice, slice]]]:
    """Scales and fields to look at; one field for scale 1 when the whole image's maps are known."""
    everything = np.s_[: shape[0], : shape[1]]
    return [
        (scale, field)
        for scale in scales
        if _worth(shape, scale)
        for field in ([everything] if scale == 1 and whole else _fields(shape, scale))
    ]


def _worth(shape: tuple[int, ...], scale: float) -> bool:
    """Whether the image is still large enough on that scale to show more than its middle."""
    return scale >= 1 or min(shape[:2]) * scale >= 64


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


def _vote(scheme: TellsDiameter, trained: tuple[float, float], maps: NDArray[np.uint16], scale: float) -> _Vote:
    """What one field, seen at one scale, tells."""
    decoded = scheme.decode(maps)
    flat = decoded.labels.ravel()
    area = np.bincount(flat, minlength=1)[1:]
    told = np.bincount(flat, weights=maps[FIRST_MAPS - 1].ravel(), minlength=1)[1:] / np.maximum(area, 1) / FULL
    by_map = scheme.diameter_of(told)
    by_area = np.sqrt(area * (4 / np.pi))
    trust = _trust(by_map, trained) * _agreement(by_map, by_area) * decoded.scores
    return _Vote(np.sqrt(by_map * by_area) / scale, trust)


def _resize(chosen: NDArray[np.generic], scale: float) -> NDArray[np.generic]:
    if scale == 1:
        return chosen
    # OpenCV resizes these types as they are; floats of the whole field would cost more than the network.
    known: Any = chosen if chosen.dtype in (np.uint8, np.uint16, np.float32) else chosen.astype(np.float32)
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    return by_fours(known, lambda part: cv2.resize(part, None, fx=scale, fy=scale, interpolation=way))


def _trust(apparent: NDArray[np.float64], trained: tuple[float, float]) -> NDArray[np.float64]:
    """1 for objects that appear at a trusted size, falling to 0 an octave outside."""
    below = np.log2(np.maximum(trained[0] / apparent, 1))
    above = np.log2(np.maximum(apparent / trained[1], 1))
    return np.asarray(np.clip(1 - below - above, 0.0, 1.0))


def _agreement(first: NDArray[np.float64], second: NDArray[np.float64]) -> NDArray[np.float64]:
    """1 where both are equal, 0 where they are an octave apart or more: a splinter of a nucleus has no say."""
    return np.asarray(np.clip(1 - np.abs(np.log2(first / second)), 0.0, 1.0))


def _join(votes: list[_Vote]) -> _Vote:
    return _Vote(np.concatenate([vote.diameter for vote in votes]), np.concatenate([vote.weight for vote in votes]))


def _median(votes: _Vote) -> float | None:
    """Weighted median: half of the objects that are believed in are smaller, half are larger."""
    diameter, weight = votes.diameter, votes.weight
    if weight.sum() < 1e-6:
        return None
    order = np.argsort(diameter)
    total = np.cumsum(weight[order])
    return float(diameter[order][np.searchsorted(total, total[-1] / 2)])
