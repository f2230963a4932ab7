"""Says where intensities of objects can't be trusted: pixels without a finite number, and saturated channels."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

_SATURATED = 0.2  # share of the objects' pixels at the highest intensity
_LARGE = 1_000_000  # pixels, from which every second row and column tells the share
_LEVELS = 100  # with fewer steps of intensity, many pixels may have the highest one by chance


def intensity_doubts(
    labels: NDArray[np.integer],
    pixels: NDArray[np.generic],
    channel_names: Sequence[str] = (),
    *,
    seen: int | None = None,
) -> list[str]:
    """Say what is wrong with the intensities of the objects of one image.

    Parameters
    ----------
    labels : ndarray of integer, shape (Y, X)
    pixels : ndarray, shape (Y, X) or (Y, X, C)
    channel_names : sequence of str
        One per channel, or none.
    seen : int, optional
        A channel whose saturation is known already.

    Returns
    -------
    list of str

    Examples
    --------
    >>> pixels = np.array([[1.0, np.nan, 3.0, np.inf]])
    >>> intensity_doubts(np.array([[1, 1, 2, 0]]), pixels)[0][:53]
    "no numbers: 33% of the objects' pixels are NaN (not a"
    """
    channels = pixels if pixels.ndim == 3 else pixels[..., None]
    if channels.dtype.kind == "f":
        return _without_numbers(channels[labels > 0])
    step = 1 if labels.size < _LARGE else 2
    channels, labels = channels[::step, ::step], labels[::step, ::step]
    values = channels[labels > 0]
    if not values.size:
        return []
    least, most = values.min(axis=0).astype(np.float64), channels.max(axis=(0, 1))
    shares = (values == most).mean(axis=0)
    found = [
        channel
        for channel, share in enumerate(shares.tolist())
        if share > _SATURATED and most[channel] - least[channel] >= _LEVELS and channel != seen
    ]
    names = [f" of {channel_names[channel] if channel_names else f'channel {channel}'}" for channel in found]
    return [
        f"saturated{name if values.shape[1] > 1 else ''}: {shares[channel]:.0%} of the objects' pixels are at the "
        "highest intensity, so their intensities are too low"
        for channel, name in zip(found, names, strict=True)
    ]


def _without_numbers(values: NDArray[np.generic]) -> list[str]:
    """Say how many pixels hold NaN or an infinite number in any channel."""
    if np.isfinite(values).all():
        return []
    missing, infinite = np.isnan(values).any(axis=1).mean(), np.isinf(values).any(axis=1).mean()
    found = []
    if missing:
        found.append(
            f"no numbers: {_percent(missing)} of the objects' pixels are NaN (not a number), and left out of "
            "intensities, sums among them"
        )
    if infinite:
        found.append(
            f"infinite: {_percent(infinite)} of the objects' pixels are infinite, and so are intensities made of them"
        )
    return found


def _percent(share: float) -> str:
    return f"{share:.0%}" if share >= 0.01 else "under 1%"
