"""Estimates from a result whether an image is unlike the shipped models' training images.

`measure_features` describes how sure the network was, and how the objects that it outlined stand out from what lies
around them; a logistic regression of these, whose coefficients are shipped next to this file, distinguishes ordinary
nuclei from phase contrast, stains of whole cells, and pictures that are not microscopy. ``benchmarks/fit_trust.py``
fits it.
"""

from __future__ import annotations

import functools
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from hooke.pipeline.edges import background_beside, intensity_slope
from hooke.pipeline.window import choose_window
from hooke.preprocess import Normalisation
from hooke.targets.decoded import Decoded
from hooke.targets.fixed_point import SCALE_16BIT

#: What `measure_features` measures, in its order.
FEATURES: Final = (
    "score",  # median of the objects' scores
    "foreground",  # medians of the traits that the scores are made of: see `hooke.targets.confidence`
    "split",
    "distance",
    "unsure",  # area of unsure foreground, per area of objects (logarithm)
    "left over",  # area of foreground outside the objects, per area of objects (logarithm)
    "far foreground",  # mean foreground probability far from objects (logarithm)
    "contrast",  # of the objects with what lies around them, as a share of the range of intensity
    "separation",  # how well one threshold parts the objects' pixels from those around them, 0..1
    "agreement",  # 1 where all objects are brighter, or all darker, than their rim; 0 where half are
    "unevenness",  # how much that contrast differs from object to object
    "explained",  # share of all light that is brighter (or darker) than the background and lies in objects
    "alike outside",  # area outside the objects that is as bright as they are, per area of objects (logarithm)
    "opposite",  # light on the other side of the background, over the contrast
    "ground texture",  # spread of the background over the contrast (logarithm)
    "object texture",  # spread within objects over the contrast (logarithm)
    "edges inside",  # share of all edges that are outlines of objects
    "edge lift",  # edges along outlines over those elsewhere (logarithm)
    "edges elsewhere",  # strong edges away from objects over those along outlines (logarithm)
    "colour",  # whether the network was shown colours
    "brightfield",  # whether the image was taken for brightfield
)

_STORED = Path(__file__).with_name("familiarity.json")
_DIAMETER = 16.0  # pixels to which objects are shrunk before they are measured
_SIDE = 512  # of the part that is measured, shrunk pixels
_SAMPLE = 5_000  # pixels that quantiles are taken of
_CROSS = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))
_TINY = 1e-3

Float = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Regression:
    """Logistic regression on standardised features.

    Parameters
    ----------
    mean, scale, weights : ndarray of float64, shape (21,)
        In the order of `FEATURES`.
    bias : float
    limit : float
        Logit from which an image is unfamiliar.
    """

    mean: NDArray[np.float64]
    scale: NDArray[np.float64]
    weights: NDArray[np.float64]
    bias: float
    limit: float

    def logit(self, features: NDArray[np.float64]) -> float:
        """How unfamiliar an image is; features far outside of what was fitted do not outvote all others."""
        standard = np.clip((features - self.mean) / self.scale, -5, 5)
        return float(standard @ self.weights + self.bias)


def is_unfamiliar(
    grey: Float,
    foreground: NDArray[np.uint16],
    labels: NDArray[np.int32],
    decoded: Decoded,
    diameter: float,
    normalisation: Normalisation,
) -> bool:
    """Tell whether an image is unlike all that the shipped models were trained on.

    Parameters
    ----------
    grey : ndarray of float32, shape (Y, X)
        Normalised intensity of the image, or of a part of it.
    foreground : ndarray of uint16, shape (Y, X)
        The network's first map of the same part.
    labels : ndarray of int32, shape (Y, X)
        Objects of the same part, at least one.
    decoded : Decoded
        Scores and traits of all objects of the image.
    diameter : float
        Typical diameter, pixels.
    normalisation : Normalisation
    """
    stored = _shipped()
    features = measure_features(grey, foreground, labels, decoded, diameter, normalisation)
    return stored.logit(features) > stored.limit


@functools.cache
def _shipped() -> Regression:
    stored = json.loads(_STORED.read_text(encoding="utf-8"))
    if tuple(stored["features"]) != FEATURES:
        raise ValueError(f"{_STORED.name} was fitted to other features; run benchmarks/fit_familiarity.py")
    mean, scale, weights = (np.asarray(stored[name]) for name in ("mean", "scale", "weights"))
    return Regression(mean, scale, weights, stored["bias"], stored["limit"])


def measure_features(
    grey: Float,
    foreground: NDArray[np.uint16],
    labels: NDArray[np.int32],
    decoded: Decoded,
    diameter: float,
    normalisation: Normalisation,
) -> NDArray[np.float64]:
    """Measure what distinguishes familiar images from others; the parameters are those of `is_unfamiliar`.

    Returns
    -------
    ndarray of float64, shape (21,)
        See `FEATURES`; all are finite.
    """
    field = _Field.cut(grey, foreground, labels, max(diameter, 1.0))
    features = [
        float(np.median(decoded.scores)),
        *np.median(decoded.traits, axis=0).tolist(),
        *_confidence(field),
        *_contrast(field),
        *_edges(field),
        float(normalisation.keeps_colours),
        float(normalisation.modality == "brightfield"),
    ]
    return np.nan_to_num(np.asarray(features, np.float64))


@dataclass(frozen=True, eq=False)
class _Field:
    """Part of an image around its objects, shrunk to the size at which they are measured; all of shape (Y, X)."""

    grey: Float
    foreground: Float  # 0..1
    labels: NDArray[np.int32]
    inside: NDArray[np.bool_]
    around: NDArray[np.bool_]  # background within half a diameter of an object
    diameter: float

    @classmethod
    def cut(cls, grey: Float, foreground: NDArray[np.uint16], labels: NDArray[np.int32], diameter: float) -> _Field:
        scale = min(_DIAMETER / diameter, 1.0)
        window = choose_window(labels, round(_SIDE / scale))
        grey = _shrunk(grey[window], scale, cv2.INTER_AREA)
        sure = _shrunk(foreground[window], scale, cv2.INTER_AREA) / SCALE_16BIT
        # Exact up to 2**24 ids.
        ids = _shrunk(labels[window].astype(np.float32), scale, cv2.INTER_NEAREST).astype(np.int32)
        inside = ids > 0
        beside = background_beside(inside, diameter * scale)
        smooth = np.asarray(cv2.GaussianBlur(grey, (0, 0), 0.8), np.float32)
        return cls(smooth, np.asarray(sure, np.float32), ids, inside, beside, diameter * scale)


def _shrunk(plane: NDArray[Any], scale: float, interpolation: int) -> Float:
    if scale == 1:
        return np.asarray(plane, np.float32)
    size = tuple(max(1, round(length * scale)) for length in plane.shape[::-1])
    return np.asarray(cv2.resize(plane, size, interpolation=interpolation), np.float32)


def _confidence(field: _Field) -> tuple[float, float, float]:
    """How much foreground is unsure, left over, or far from any object."""
    area = float(field.inside.sum()) + 1
    unsure = float(((field.foreground > 0.15) & (field.foreground < 0.85)).sum())
    left = float(((field.foreground > 0.3) & ~field.inside).sum())
    far = field.foreground[~(field.inside | field.around)]
    away = float(far.mean()) if far.size else _TINY
    return float(np.log((unsure + 1) / area)), float(np.log(left / area + _TINY)), float(np.log(away + _TINY))


def _contrast(field: _Field) -> tuple[float, ...]:
    """How the objects stand out from what lies around them: the features from "contrast" to "object texture"."""
    grey, inside = field.grey, field.inside
    low, high = np.percentile(_sample(grey.ravel()), (1, 99.5))
    stretch = max(float(high - low), _TINY)
    objects, beyond = grey[inside], grey[~inside]
    ring = grey[field.around] if field.around.any() else beyond
    if not objects.size or not ring.size:
        return (0.0,) * 9
    brightness, background = float(np.median(_sample(objects))), float(np.median(_sample(beyond)))
    step = brightness - float(np.median(_sample(ring)))
    sign = 1.0 if step >= 0 else -1.0
    light = sign * (grey - background)
    above = np.maximum(light, 0)
    agreement, unevenness = _agreement(field)
    alike = (light > 0.5 * sign * (brightness - background)) & ~inside
    opposite = float(np.percentile(_sample(np.maximum(-light[~inside], 0)), 95))
    return (
        abs(step) / stretch,
        _separation(_sample(objects), _sample(ring)),
        agreement,
        unevenness,
        float(above[inside].sum() / (above.sum() + _TINY)),
        float(np.log(alike.sum() / objects.size + _TINY)),
        opposite / (abs(step) + 0.01),
        float(np.log(beyond.std() / (abs(step) + 0.01) + _TINY)),
        float(np.log(objects.std() / (abs(step) + 0.01) + _TINY)),
    )


def _separation(first: Float, second: Float) -> float:
    """Distance of the area under the ROC curve from one half, times two: 0 for equal distributions, 1 for disjoint."""
    order = np.sort(first)
    return abs(1 - 2 * float(np.searchsorted(order, second).mean()) / len(order))


def _agreement(field: _Field) -> tuple[float, float]:
    """Whether all objects differ from their rim in one direction, and how unevenly."""
    count = int(field.labels.max()) + 1
    width = 2 * max(1, round(field.diameter / 8)) + 1
    grown = cv2.dilate(field.labels.astype(np.float32), np.ones((width, width), np.uint8)).astype(np.int32)
    rim = (grown > 0) & ~field.inside
    means, found = [], np.ones(count, bool)
    for owner, values in ((field.labels[field.inside], field.grey[field.inside]), (grown[rim], field.grey[rim])):
        size = np.bincount(owner, minlength=count)
        means.append(np.bincount(owner, weights=values, minlength=count) / np.maximum(size, 1))
        found &= size > 0
    step = (means[0] - means[1])[found]
    if not step.size:
        return 0.0, 1.0
    return abs(2 * float((step > 0).mean()) - 1), float(step.std() / (np.abs(step).mean() + _TINY))


def _edges(field: _Field) -> tuple[float, float, float]:
    """Where the edges are: on the objects' outlines or elsewhere."""
    grey, ids = field.grey, field.labels.astype(np.float32)
    slope = intensity_slope(grey)
    outline = cv2.erode(ids, _CROSS) != cv2.dilate(ids, _CROSS)
    width = 2 * max(1, round(field.diameter / 8)) + 1
    along = cv2.dilate(outline.view(np.uint8), np.ones((width, width), np.uint8)).view(np.bool_)
    away = ~(field.inside | along)
    if not outline.any() or not away.any():
        return 0.0, 0.0, 0.0
    small = 1e-4
    on_outlines, elsewhere = float(np.median(slope[outline])), float(np.percentile(_sample(slope[away]), 90))
    return (
        float(slope[along].sum() / (slope.sum() + small)),
        float(np.log((slope[along].mean() + small) / (slope[~along].mean() + small))),
        float(np.log((elsewhere + small) / (on_outlines + small))),
    )


def _sample(values: Float) -> Float:
    return values[:: max(1, len(values) // _SAMPLE)]
