"""Runs the network on a few small fields of an image at several scales, and reports the nuclei that it finds.

The network's diameter map says, at every pixel of an object, how large that object is. It is right where objects appear
at a size that the network was trained on; far larger ones look like texture or background to it. So fields are shown on
several scales, and each scale is believed for the objects that it shows at a trusted size.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from hooke.image import Pixels
from hooke.models import Model, predict_maps
from hooke.preprocess import AS_IT_IS, Normalisation, in_chunks_of_four_channels
from hooke.targets import HasDiameterMap
from hooke.targets.fixed_point import SCALE_16BIT

#: Side of the fields shown, network pixels.
FIELD = 256

_FIELDS = 4  # at most this many on each scale
# Shorter side, network pixels, below which an image is not shown: one scale of octaves then shows a nucleus of three
# quarters of it at 24 to 48 pixels, as a crop around one nucleus has it.
_LEAST_SHOWN = 32

_BESIDE = 7  # side of a square, network pixels, whose middle is in the object and whose edge is beside it

#: Rows and columns of an image.
Field = tuple[slice, slice]


@dataclass(frozen=True)
class Vote:
    """Diameters (image pixels) of the objects seen in some fields on one scale.

    Parameters
    ----------
    diameter : ndarray of float64, shape (n,)
    weight : ndarray of float64, shape (n,)
        How far each object is believed in, 0..1.
    scale : float
        Network pixels per image pixel.
    looked_at : float
        Area of the fields, image pixels.
    place : ndarray of float64, shape (n, 2)
        A pixel of each object, in the image; empty where that is not known.
    fields : tuple of Field
        Which were seen.
    """

    diameter: NDArray[np.float64]
    weight: NDArray[np.float64]
    scale: float = 1.0
    looked_at: float = 0.0
    place: NDArray[np.float64] = field(default_factory=lambda: np.zeros((0, 2)))
    fields: tuple[Field, ...] = ()

    def within(self, fields: Sequence[Field], area: float) -> Vote:
        """What was seen in other fields, of an area: each object as often as these show it, per field that did."""
        if not len(self.place):
            return replace(self, weight=np.zeros_like(self.weight), looked_at=area)
        times = _times_within(self.place, fields) / np.maximum(_times_within(self.place, self.fields), 1)
        return replace(self, weight=self.weight * times, looked_at=area)


def view_fields(
    model: Model,
    pixels: Pixels,
    normalisation: Normalisation,
    jobs: Sequence[tuple[float, Field]],
    threads: int = 1,
    known: NDArray[np.uint16] | None = None,
    *,
    ceiling: float = np.inf,
    brighter: bool = False,
) -> list[Vote]:
    """Show the network some fields.

    Parameters
    ----------
    model : Model
        Its scheme must have a diameter map.
    pixels : Pixels, shape (Y, X) or (Y, X, C)
    normalisation : Normalisation
    jobs : sequence of (float, Field)
        Scale and place of each.
    threads : int
        Fields in work at once.
    known : ndarray of uint16, shape (K, Y, X), optional
        Maps of the whole image at scale 1, taken for every field on that scale.
    ceiling : float
        Objects whose median intensity, as stored, lies above are not believed in. Not with `known`.
    brighter : bool
        Whether objects on a dark background are believed in only where they are brighter than what lies around them.
        Not with `known`.

    Returns
    -------
    list of Vote
        One a field.
    """
    network = model.network(1)
    scheme = model.scheme
    assert isinstance(scheme, HasDiameterMap), "needs a scheme with a diameter map"

    def view(job: tuple[float, Field]) -> Vote:
        scale, shown = job
        if known is not None and scale == 1:
            return vote(scheme, model.settings.trained_diameters, known, job)
        # Resized here rather than by predict_maps: the maps then stay as small as what the network sees.
        window = resize_field(pixels[shown], normalisation, scale)
        light = normalisation.apply(window)
        maps = predict_maps(network, light, AS_IT_IS, maps=scheme.first_pass_maps)
        dirt = np.greater(window, ceiling) if np.isfinite(ceiling) else None
        asked = light[..., 0] if brighter and normalisation.is_on_dark else None
        return vote(scheme, model.settings.trained_diameters, maps, job, dirt, asked)

    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(view, jobs))


def resize_field(pixels: NDArray[np.generic], normalisation: Normalisation, scale: float) -> NDArray[np.generic]:
    """What the network is shown of a field, on a scale: resized, and not normalised yet."""
    return _resize(normalisation.select(pixels), scale)


def fits_scale(shape: tuple[int, ...], scale: float) -> bool:
    """Whether an image is large enough to be shown on a scale."""
    return scale >= 1 or min(shape[:2]) * scale >= _LEAST_SHOWN


def spread_fields(shape: tuple[int, ...], scale: float, most: int = _FIELDS) -> list[Field]:
    """Up to four fields for a scale, spread over an image of a shape."""
    side = round(FIELD / scale)
    height, width = shape[:2]
    corners = [(top, left) for top in _starts(height, side) for left in _starts(width, side)][:most]
    return [np.s_[top : top + side, left : left + side] for top, left in corners]


def spread_jobs(shape: tuple[int, ...], scales: Sequence[float], most: int = _FIELDS) -> list[tuple[float, Field]]:
    """Up to four fields on each scale that an image of a shape is large enough for, as `view_fields` takes them."""
    return [
        (scale, field) for scale in scales if fits_scale(shape, scale) for field in spread_fields(shape, scale, most)
    ]


def _starts(length: int, side: int) -> list[int]:
    if length <= side:
        return [0]
    if length <= 2 * side:
        return [(length - side) // 2] if length < 1.3 * side else [0, length - side]
    return [length // 4 - side // 2, (3 * length) // 4 - side // 2]


def vote(
    scheme: HasDiameterMap,
    trained: tuple[float, float],
    maps: NDArray[np.uint16],
    job: tuple[float, Field],
    dirt: NDArray[np.bool_] | None = None,
    light: NDArray[np.float32] | None = None,
) -> Vote:
    """What the maps of one field, seen on one scale, say of its objects.

    Of those that are mostly dirt, nothing; nor of those that are no brighter than their surroundings, where the
    normalised field is given.
    """
    scale, (rows, columns) = job
    decoded = scheme.decode(maps)
    flat = decoded.labels.ravel()
    area = np.bincount(flat, minlength=1)[1:]
    predicted = (
        np.bincount(flat, weights=maps[scheme.first_pass_maps - 1].ravel(), minlength=1)[1:]
        / np.maximum(area, 1)
        / SCALE_16BIT
    )
    by_map = scheme.diameter_of(predicted)
    by_area = np.sqrt(area * (4 / np.pi))
    trust = vote_trust(by_map, trained) * _agreement(by_map, by_area) * decoded.scores
    if dirt is not None:
        trust = np.where(2 * np.bincount(flat[dirt.ravel()], minlength=len(area) + 1)[1:] > area, 0.0, trust)
    if light is not None:
        trust = np.where(_are_brighter(decoded.labels, light, len(area)), trust, 0.0)
    last = np.zeros(len(area) + 1, np.int64)
    last[flat] = np.arange(flat.size)  # the last of each object's pixels stays
    place = np.stack(np.divmod(last[1:], decoded.labels.shape[1]), axis=1) / scale
    place += (rows.start or 0, columns.start or 0)
    return Vote(np.sqrt(by_map * by_area) / scale, trust, scale, flat.size / scale**2, place, ((rows, columns),))


def _are_brighter(labels: NDArray[np.int32], light: NDArray[np.float32], count: int) -> NDArray[np.bool_]:
    """Which objects are brighter, in the mean, than the background beside them; those without any are."""
    grown = cv2.dilate(labels.astype(np.float32), np.ones((_BESIDE, _BESIDE), np.uint8)).astype(np.int64)
    inside, beside = labels > 0, (labels == 0) & (grown > 0)
    within = _mean_by_id(labels[inside], light[inside], count)
    return np.asarray(~(within <= _mean_by_id(grown[beside], light[beside], count)))


def _mean_by_id(ids: NDArray[np.integer], values: NDArray[np.float32], count: int) -> NDArray[np.float64]:
    """Mean of the values of each id from 1 on; NaN of one that has none."""
    number = np.bincount(ids, minlength=count + 1)[1:]
    return np.where(number > 0, np.bincount(ids, values, count + 1)[1:] / np.maximum(number, 1), np.nan)


def _times_within(place: NDArray[np.float64], fields: Sequence[Field]) -> NDArray[np.int64]:
    """In how many of some fields each place lies."""
    y, x = place.T
    times = np.zeros(len(place), np.int64)
    for rows, columns in fields:
        times += (y >= (rows.start or 0)) & (y < rows.stop) & (x >= (columns.start or 0)) & (x < columns.stop)
    return times


def _resize(chosen: NDArray[np.generic], scale: float) -> NDArray[np.generic]:
    if scale == 1:
        return chosen
    # OpenCV resizes these types as they are; floats of the whole field would cost more than the network.
    known: Any = chosen if chosen.dtype in (np.uint8, np.uint16, np.float32) else chosen.astype(np.float32)
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    return in_chunks_of_four_channels(known, lambda part: cv2.resize(part, None, fx=scale, fy=scale, interpolation=way))


def vote_trust(apparent: NDArray[np.float64], trained: tuple[float, float]) -> NDArray[np.float64]:
    """1 for objects that appear at a trusted size, falling to 0 an octave outside."""
    below = np.log2(np.maximum(trained[0] / apparent, 1))
    above = np.log2(np.maximum(apparent / trained[1], 1))
    return np.asarray(np.clip(1 - below - above, 0.0, 1.0))


def _agreement(first: NDArray[np.float64], second: NDArray[np.float64]) -> NDArray[np.float64]:
    """1 where both are equal, 0 where they are an octave apart or more: a splinter of a nucleus does not count."""
    return np.asarray(np.clip(1 - np.abs(np.log2(first / second)), 0.0, 1.0))


def join_votes(votes: Sequence[Vote]) -> Vote:
    """Put votes together, those of several scales too."""
    return Vote(
        np.concatenate([vote.diameter for vote in votes]),
        np.concatenate([vote.weight for vote in votes]),
        min(vote.scale for vote in votes),
        sum(vote.looked_at for vote in votes),
        np.concatenate([vote.place for vote in votes]),
        tuple(one for vote in votes for one in vote.fields),
    )


def median_diameter(votes: Vote) -> float | None:
    """Weighted median: half of the objects that are believed in are smaller, half are larger."""
    diameter, weight = votes.diameter, votes.weight
    if weight.sum() < 1e-6:
        return None
    order = np.argsort(diameter)
    total = np.cumsum(weight[order])
    return float(diameter[order][np.searchsorted(total, total[-1] / 2)])


def clarity(votes: Sequence[Vote]) -> float:
    """How clearly the scale that shows most shows nuclei: the sum of its objects' weights, times their mean.

    Comparable between views of the same fields only.
    """
    best = 0.0
    for scale in {vote.scale for vote in votes}:
        weight = np.concatenate([vote.weight for vote in votes if vote.scale == scale])
        if weight.size:
            best = max(best, float(weight.sum() * weight.mean()))
    return best
