"""Typical diameter of the objects in an image, measured by the network in a first pass over a few scales.

The network's diameter map tells, at every pixel of an object, how large that object is. It is right where objects
appear at a size that the network was trained on; far larger ones look like texture or background to it. So the same
fields are looked at on several scales, and each scale is believed for the objects that it shows at a trusted size.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
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
_ALIKE = 0.7  # octaves within which two diameters may be those of one object on two scales
_SHOWN_WELL = 0.5  # trust from which a scale can refute what a coarser one sees
_SMALL = 0.75  # objects below this share of the smallest trained ones are looked at twice as large, too


@dataclass(frozen=True)
class _Vote:
    """Diameters (image pixels) that a scale sees in the fields looked at, and how many objects stand behind each."""

    diameter: NDArray[np.float64]
    weight: NDArray[np.float64]
    scale: float = 1.0
    looked_at: float = 0.0  # area of the fields, image pixels


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
        The one that looks at this image (`Model.suited`). Its scheme must have a diameter map.
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
    scheme = model.scheme
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
        votes = _borne_out(votes, model.settings.trained_diameters, pixels.shape)
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
    return _Vote(np.sqrt(by_map * by_area) / scale, trust, scale, flat.size / scale**2)


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


def _borne_out(votes: list[_Vote], trained: tuple[float, float], shape: tuple[int, ...]) -> list[_Vote]:
    """One vote a scale, less what the next finer scale refutes.

    Vacuoles of fat in a histology image look like nuclei where they are shown small, and like what they are on the next
    finer scale, which shows them at a trusted size, too: an object that is seen on one of both only is none. A finer
    scale whose fields are a sample of the image may have missed it, and refutes nothing.
    """
    scales = {scale: _join([vote for vote in votes if vote.scale == scale]) for scale in {vote.scale for vote in votes}}
    whole = {scale: vote for scale, vote in scales.items() if max(shape[:2]) <= 2 * _FIELD / scale}
    return [_less_refuted(vote, whole.get(2 * scale), trained) for scale, vote in sorted(scales.items())]


def _less_refuted(vote: _Vote, finer: _Vote | None, trained: tuple[float, float]) -> _Vote:
    if finer is None:
        return vote
    # Half of what this scale sees is enough: the finer one need not be as sure.
    support = 2 * _alike(vote.diameter, finer) / np.maximum(_alike(vote.diameter, vote), 1e-12)
    shown_well = _trust(vote.diameter * finer.scale, trained) >= _SHOWN_WELL
    return replace(vote, weight=vote.weight * np.where(shown_well, np.minimum(support, 1), 1))


def _alike(diameter: NDArray[np.float64], vote: _Vote) -> NDArray[np.float64]:
    """Weight of a vote's objects that are about as large as each diameter, per area looked at."""
    octaves = np.abs(np.log2(vote.diameter[None, :] / diameter[:, None]))
    return np.asarray((octaves < _ALIKE) @ vote.weight / vote.looked_at)


def _join(votes: list[_Vote]) -> _Vote:
    return _Vote(
        np.concatenate([vote.diameter for vote in votes]),
        np.concatenate([vote.weight for vote in votes]),
        min(vote.scale for vote in votes),
        sum(vote.looked_at for vote in votes),
    )


def _median(votes: _Vote) -> float | None:
    """Weighted median: half of the objects that are believed in are smaller, half are larger."""
    diameter, weight = votes.diameter, votes.weight
    if weight.sum() < 1e-6:
        return None
    order = np.argsort(diameter)
    total = np.cumsum(weight[order])
    return float(diameter[order][np.searchsorted(total, total[-1] / 2)])
