"""Chooses the intensity scale of a classifier's input: the nuclear channel, as for segmentation, or all colours."""

from __future__ import annotations

from typing import Literal

import numpy as np

from hooke.errors import ImageReadError
from hooke.image import Image, sample_grid
from hooke.preprocess import Normalisation, fit_channels, fit_normalisation

#: ``nuclei``: the one channel, or the colours, that a segmentation of nuclei would use, stretched by percentiles.
#: ``colours``: all three colours, stretched together by percentiles. ``stored``: all three as they are stored, so that
#: a stain that is weak in one image and strong in another stays so.
Intensity = Literal["nuclei", "colours", "stored"]
#: Features can be measured in any channels: ``channels`` are all of an image, each stretched by percentiles of its own.
FeatureIntensity = Literal["nuclei", "colours", "stored", "channels"]


def possible_intensities(image: Image) -> tuple[FeatureIntensity, ...]:
    """Ways in which features of an image's objects can be measured, the plainest first."""
    if image.channels == 1:
        return ("nuclei",)
    return ("nuclei", "colours", "stored") if image.is_rgb and image.channels == 3 else ("nuclei", "channels")


def fit_intensity(
    image: Image,
    intensity: FeatureIntensity = "nuclei",
    channel: int | None = None,
    percentiles: tuple[float, float] = (1.0, 99.8),
) -> Normalisation:
    """Choose a classifier's input from an image.

    Parameters
    ----------
    image : Image
    intensity : {"nuclei", "colours", "stored", "channels"}
    channel : int, optional
        Of ``nuclei``: see `hooke.preprocess.fit_normalisation`.
    percentiles : (float, float)
        Percentiles, 0..100, that become 0 and 1.

    Raises
    ------
    ImageReadError
        When colours are requested, and the image has others than three, or one.
    """
    if intensity == "nuclei":
        return fit_normalisation(image, channel, percentiles)
    if intensity == "channels" and channel is None and image.pixels.ndim == 3:
        return fit_channels(image, percentiles)
    if image.channels not in (1, 3) or channel is not None:
        asked = f"has {image.channels} channels" if channel is None else f"is to be used in channel {channel} alone"
        raise ImageReadError(
            f"{asked}, but the classifier uses the three colours of a picture",
            path=image.path or image.name,
            remedy="give a picture in colour or grey, and no --channel",
        )
    mode: Literal["grey", "rgb"] = "rgb" if image.channels == 3 else "grey"
    only = 0 if image.channels == 1 and image.pixels.ndim == 3 else None
    if intensity == "stored":
        low, high = 0.0, _white(image.pixels.dtype)
    else:
        values = sample_grid(image.pixels, 500_000).astype(np.float64)
        low, high = (float(value) for value in np.nanpercentile(values, percentiles))
    return Normalisation(mode, only, low, high, f"classifier's: {intensity}")


def _white(dtype: np.dtype[np.generic]) -> float:
    """The largest value that a type of pixels can hold; 1 for floats."""
    return float(np.iinfo(str(dtype)).max) if dtype.kind in "ui" else 1.0
