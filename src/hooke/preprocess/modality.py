"""Classifies an image as fluorescence, histology or brightfield, with a probability.

`measure_features` describes colour and intensity by a few numbers that each have a meaning; `describe` puts them
through a softmax regression whose coefficients are shipped beside this file. Inverted fluorescence (dark nuclei on
white, as on a printed figure) is a class of its own there: it counts as fluorescence, and is said to be inverted.
"""

from __future__ import annotations

import functools
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, cast

import numpy as np
from numpy.typing import NDArray

from hooke.image import Image, sample_grid

Modality = Literal["fluorescence", "histology", "brightfield"]
Float = NDArray[np.float32]

#: The modalities that are distinguished. Phase contrast and other transmitted light without a stain is brightfield.
MODALITIES: Final[tuple[Modality, ...]] = ("fluorescence", "histology", "brightfield")

#: What `measure_features` measures, in its order.
FEATURES: Final = (
    "background",  # median brightness, as a share of the image's own brightest (percentile 99.8)
    "level",  # median brightness, as a share of what the file can store
    "contrast",  # range of brightness (percentiles 0.2 to 99.8), as a share of what the file can store
    "skew",  # 1 where all detail is brighter than the median, -1 where all is darker
    "spread",  # quartile distance of brightness, as a share of the range
    "below",  # from percentile 5 to the median, as a share of the range
    "above",  # from the median to percentile 95, as a share of the range
    "darkest",  # median of each pixel's darkest colour, as a share of the image's own brightest
    "saturation",  # share of the light that is colour rather than grey
    "colour_spread",  # how far colours differ within the image (percentile 98), as a share of its own brightest
)

_COEFFICIENTS = Path(__file__).with_name("modality.json")
_INVERTED = "inverted fluorescence"
_SAMPLE = 65_536  # pixels sampled; more change the features in the third digit
_GREY = 0.02  # colours that differ by less of the image's brightest are grey, JPEG's noise included
# To turn brightfield by mistake costs the shipped model ten times what it gains by turning inverted fluorescence.
_SURE = 0.8
_DARK_DETAIL = -0.3
# The least of a pixel's colours over the greatest, each on its own scale, where that is brightest: 0.77 to 0.98 on 173
# slides, below 0.6 on 19 of 20 fluorescence pictures of several stains.
_PURE = 0.7
# ... and from which a picture is a slide's in spite of the classifier, unless parts are black: 0.91 or more on 152 of
# 153 slides, 0.80 at most on 200 fluorescence pictures. The darkest 5 % of slides have 0.17 of white's light or
# more; where nuclei are shown in white among colours, most of the background has none.
_WHITE_TOP = 0.85
_BLACK = 0.1
_SHINES = 0.5  # correlation of that difference with brightness: 0.37 at most on slides, above this on 19 of 20
_WHITES = (1.0, 255.0, 1023.0, 4095.0, 16383.0, 65535.0)
_PALE = 0.1  # a saturation, or a spread of colours, of which more makes little difference
_EPSILON = 1e-9


@dataclass(frozen=True)
class Appearance:
    """How an image looks to the shipped classifier.

    Parameters
    ----------
    modality : {"fluorescence", "histology", "brightfield"}
        The most probable.
    probability : float
        Its probability, 0..1.
    inversion : float
        Probability of fluorescence whose nuclei are dark on a bright background; part of that of fluorescence.
    features : ndarray of float64, shape (10,)
        See `FEATURES`.
    """

    modality: Modality
    probability: float
    inversion: float
    features: NDArray[np.float64]

    @property
    def inverted(self) -> bool:
        """Whether it is fluorescence, and rather inverted than not."""
        return self.modality == "fluorescence" and self.inversion > self.probability / 2

    @property
    def surely_inverted(self) -> bool:
        """Whether it may be turned unasked: probably inverted, and with detail on the dark side (a blank has none)."""
        return self.inversion > _SURE and self.features[FEATURES.index("skew")] < _DARK_DETAIL


def classify(image: Image) -> tuple[Modality, float]:
    """Name the modality of one image, in a few milliseconds.

    Parameters
    ----------
    image : Image

    Returns
    -------
    modality : {"fluorescence", "histology", "brightfield"}
    probability : float
        0..1.

    Examples
    --------
    >>> from hooke.datasets import simulate
    >>> modality, probability = classify(Image(simulate((128, 128), seed=1).image))
    >>> modality, probability > 0.9
    ('fluorescence', True)
    """
    seen = describe(image)
    return seen.modality, seen.probability


def describe(image: Image) -> Appearance:
    """Name the modality of one image, and say whether it is inverted.

    Parameters
    ----------
    image : Image
    """
    features = measure_features(image)
    shares = _classifier().probabilities(features)
    inversion = shares.pop(_INVERTED)
    shares["fluorescence"] += inversion
    modality = max(shares, key=lambda name: shares[name])
    light = _light(image)
    if modality != "fluorescence" and light is not None and light.shines:
        return Appearance("fluorescence", 1.0, 0.0, features)
    if modality == "fluorescence" and light is not None and light.is_stained:
        return Appearance("histology", 1.0, 0.0, features)
    return Appearance(cast("Modality", modality), shares[modality], inversion, features)


def measure_features(image: Image) -> NDArray[np.float64]:
    """Measure what distinguishes modalities.

    Parameters
    ----------
    image : Image
        Of any type. Stains that are not the colours of a picture are averaged, each on its own scale.

    Returns
    -------
    ndarray of float64, shape (10,)
        See `FEATURES`; all are finite, and none depends on the unit of intensity but ``level`` and ``contrast``.
    """
    sample = _sample(image)
    if sample.ndim == 3 and not (image.is_rgb and sample.shape[2] == 3):
        sample = _average_stains(sample)
    coloured = sample.ndim == 3
    brightness = sample.mean(axis=2) if coloured else sample
    low, below, lower, median, upper, above, high = (
        float(one) for one in np.percentile(brightness, (0.2, 5, 25, 50, 75, 95, 99.8))
    )
    own = max(high, _EPSILON)
    white = _white(image, sample, own)
    stretch = max(high - low, _EPSILON)
    darkest, saturation, colour_spread = _colour_features(sample) if coloured else (median / own, 0.0, 0.0)
    return np.array(
        [
            median / own,
            median / white,
            (high - low) / white,
            (high + low - 2 * median) / stretch,
            (upper - lower) / stretch,
            (median - below) / stretch,
            (above - median) / stretch,
            darkest,
            saturation,
            colour_spread,
        ]
    )


def colourfulness(share: NDArray[np.floating]) -> NDArray[np.float64]:
    """Saturation 0..1 on a scale where the first tenth counts most, since grey and pale are worlds apart."""
    return np.asarray(np.tanh(share / _PALE), np.float64)


def regression_terms(features: NDArray[np.float64]) -> NDArray[np.float64]:
    """What the classifier weighs: the features, those of colour as `colourfulness`.

    Parameters
    ----------
    features : ndarray, shape (..., 10)

    Returns
    -------
    ndarray, shape (..., 10)
    """
    terms = features.copy()
    colour = [FEATURES.index("saturation"), FEATURES.index("colour_spread")]
    terms[..., colour] = colourfulness(features[..., colour])
    return terms


def is_grey(colours: Float) -> bool:
    """Whether a picture's red, green and blue are equal, except for effects of compression.

    Parameters
    ----------
    colours : ndarray of float32, shape (Y, X, 3) or (N, 3)
    """
    red, green, blue = colours[..., 0], colours[..., 1], colours[..., 2]
    # Plane by plane: a reduction over an axis of three takes 20 times as long.
    spread = np.maximum(np.maximum(red, green), blue) - np.minimum(np.minimum(red, green), blue)
    return bool((spread <= _GREY * max(float(colours.max()), _EPSILON)).mean() > 0.99)


# --- features -----------------------------------------------------------------------------------------------------


def _sample(image: Image) -> Float:
    """Pixels on a regular grid; not finite ones become 0, and the darkest does where intensities are centred on 0."""
    sample = np.asarray(sample_grid(image.pixels, _SAMPLE), np.float32)
    sample = sample[..., 0] if sample.ndim == 3 and sample.shape[2] == 1 else sample
    sample = np.nan_to_num(sample, nan=0.0, posinf=0.0, neginf=0.0)
    lowest = float(np.percentile(sample, 0.2)) if image.pixels.dtype.kind in "if" else 0.0
    return sample if lowest >= 0 else sample - np.float32(lowest)


@dataclass(frozen=True)
class _Light:
    """Where the colours of a picture are.

    Parameters
    ----------
    pure : float
        The least of a pixel's colours over the greatest, where that is brightest: 1 for white.
    shine : float
        Correlation of the difference of a pixel's greatest and least colour with the greatest.
    dark : float
        The greatest of a pixel's colours where that is darkest (percentile 5); 1 for white.
    """

    pure: float
    shine: float
    dark: float

    @property
    def shines(self) -> bool:
        """Whether the colours are its light, as in fluorescence, rather than what a stain takes away from white."""
        return self.pure < _PURE and self.shine > _SHINES

    @property
    def is_stained(self) -> bool:
        """Whether what is brightest is white, as the glass of a slide, and nothing black."""
        return self.pure > _WHITE_TOP and self.dark > _BLACK


def _light(image: Image) -> _Light | None:
    """Describe the colours of a picture; None for one in grey.

    Each colour is put on its own scale first: light that is not white tinges all of a slide.
    """
    if not (image.is_rgb and image.channels == 3):
        return None
    sample = _sample(image)
    if is_grey(sample):
        return None
    own = np.maximum(np.percentile(sample, 99.5, axis=(0, 1)), _EPSILON)
    scaled = np.asarray(sample / own, np.float32)
    brightest, darkest = scaled.max(axis=2).ravel(), scaled.min(axis=2).ravel()
    colour = brightest - darkest
    if min(brightest.std(), colour.std()) < _EPSILON:
        return None
    top = brightest >= np.percentile(brightest, 98)
    pure = float(np.median(darkest[top] / np.maximum(brightest[top], _EPSILON)))
    return _Light(pure, float(np.corrcoef(brightest, colour)[0, 1]), float(np.percentile(brightest, 5)))


def _average_stains(sample: Float) -> Float:
    """One plane from several stains, each on the scale of its own brightest, so that no dim one is lost."""
    own = np.percentile(sample, 99.8, axis=(0, 1))
    scaled = sample * (own.max() / np.maximum(own, _EPSILON)).astype(np.float32)
    return np.asarray(scaled.mean(axis=2), np.float32)


def _white(image: Image, sample: Float, own: float) -> float:
    """The brightest that the file can store; of more than 8 bits, which cameras rarely fill, the image's own.

    A picture in colour is on the scale of its values, 0 to 1, to 255 or to what a camera's bits hold, in any type.
    """
    if image.pixels.dtype == np.uint8:
        return 255.0
    highest = float(sample.max())
    return next((white for white in _WHITES if highest <= white), own) if image.is_rgb else own


def _colour_features(sample: Float) -> tuple[float, float, float]:
    """Darkest, saturation and colour spread of a picture (Y, X, 3)."""
    brightest, darkest = sample.max(axis=2), sample.min(axis=2)
    own = max(float(np.percentile(brightest, 99.8)), _EPSILON)
    if is_grey(sample):
        return float(np.median(darkest)) / own, 0.0, 0.0
    saturation = float((brightest - darkest).sum()) / max(float(brightest.sum()), _EPSILON)
    # Red and blue against green: a camera's colour cast is the same everywhere, a stain is not.
    chroma = sample[..., ::2] - sample[..., 1:2]
    chroma = np.abs(chroma - np.median(chroma, axis=(0, 1))).max(axis=2)
    return float(np.median(darkest)) / own, saturation, float(np.percentile(chroma, 98)) / own


# --- the shipped classifier ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Classifier:
    """Softmax regression on standardised terms."""

    classes: tuple[str, ...]
    mean: NDArray[np.float64]
    scale: NDArray[np.float64]
    weights: NDArray[np.float64]  # (classes, features)
    bias: NDArray[np.float64]

    def probabilities(self, features: NDArray[np.float64]) -> dict[str, float]:
        # Features far outside what was fitted must not outvote all others.
        standard = np.clip((regression_terms(features) - self.mean) / self.scale, -4, 4)
        score = self.weights @ standard + self.bias
        share = np.exp(score - score.max())
        return dict(zip(self.classes, (share / share.sum()).tolist(), strict=True))


@functools.cache
def _classifier() -> _Classifier:
    stored = json.loads(_COEFFICIENTS.read_text(encoding="utf-8"))
    if tuple(stored["features"]) != FEATURES:
        raise ValueError(f"{_COEFFICIENTS.name} was fitted to other features; run benchmarks/fit_modality.py")
    mean, scale, weights, bias = (np.asarray(stored[name]) for name in ("mean", "scale", "weights", "bias"))
    return _Classifier(tuple(stored["classes"]), mean, scale, weights, bias)
