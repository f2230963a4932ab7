"""Fits the range of intensities to the nuclei if something far brighter, such as a fluorescent fibre, dominates it.

Dirt that covers more than 0.2 % of an image sets the upper end of the range, and leaves the nuclei a small share of it.
It shows in the intensities: many pixels stand out of the background, but hardly any reach the upper part of the range.
What the network sees in both ranges then decides.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from hooke.image import Pixels, sample_grid
from hooke.models import Model
from hooke.pipeline.first_pass import clarity, spread_jobs, view_fields
from hooke.preprocess import Normalisation

_SAMPLE = 65_536  # pixels
_FAINT = 0.15  # of the range: nuclei that stay below are hard to see
_NOISE = 6.0  # standard deviations above the background from which a pixel stands out
_AREA = 0.01  # share of the image that stands out and is faint
# ... over what is not, from which the network is asked. Of 470 training images of three sources none has that, and one
# of faint and bright nuclei 1.1; with a fibre drawn into them, 20 times as bright as the nuclei, nine of ten have it.
_RATIO = 1.5
_CLEARER = 1.1
_SCALES = (1.0, 0.5, 0.25)
_FIELDS = 2
_ROUNDS = 3  # dirt on dirt
_TIMES = 4.0  # of the new range: what is brighter is not a nucleus


@dataclass(frozen=True)
class Refit:
    """A range of intensities fitted to the nuclei.

    Parameters
    ----------
    normalisation : Normalisation
    ceiling : float
        Objects whose median intensity lies above are dirt.
    """

    normalisation: Normalisation
    ceiling: float


def fit_to_nuclei(model: Model, pixels: Pixels, normalisation: Normalisation, *, threads: int = 1) -> Refit | None:
    """Fit the range again, where dirt has set it.

    Parameters
    ----------
    model : Model
    pixels : Pixels, shape (Y, X) or (Y, X, C)
    normalisation : Normalisation
    threads : int

    Returns
    -------
    Refit or None
        None where the range is right, as it nearly always is; the network is then not run.
    """
    if normalisation.mode != "grey" or normalisation.high <= normalisation.low:
        return None
    values = normalisation.select(sample_grid(pixels, _SAMPLE)).astype(np.float32).ravel()
    values = values[np.isfinite(values)]
    level = 1.0 if pixels.dtype.kind in "ui" else 0.0
    fitted = normalisation
    for _ in range(_ROUNDS):
        closer = _without_outliers(values, fitted, level)
        if closer is None:
            break
        fitted = closer
    if fitted is normalisation:
        return None
    jobs = spread_jobs(pixels.shape, _SCALES, _FIELDS)
    ceiling = fitted.low + _TIMES * (fitted.high - fitted.low)
    before = clarity(view_fields(model, pixels, normalisation, jobs, threads))
    # Saturated, what is far brighter may look more like nuclei than before, and is what would be dropped.
    after = clarity(view_fields(model, pixels, fitted, jobs, threads, ceiling=ceiling))
    return Refit(fitted, ceiling) if after > _CLEARER * before else None


def _without_outliers(values: NDArray[np.float32], fit: Normalisation, level: float) -> Normalisation | None:
    """The range of what is faint in this one, where that is nearly all that stands out of the background."""
    middle = float(np.median(values))
    noise = max(1.4826 * float(np.median(np.abs(values - middle))), level)
    limit = fit.low + _FAINT * (fit.high - fit.low)
    faint = int(((values > middle + _NOISE * noise) & (values < limit)).sum())
    clear = int((values >= limit).sum())
    if faint < _AREA * values.size or faint <= _RATIO * clear:
        return None
    low, high = (float(value) for value in np.percentile(values[values < limit], (1.0, 99.8)))
    return replace(fit, low=low, high=high, why=f"{fit.why}, without what is far brighter") if high > low else None
