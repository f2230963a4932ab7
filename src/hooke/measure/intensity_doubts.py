"""Says where intensities of objects can't be trusted: pixels without a finite number, and saturated channels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_SATURATED = 0.2  # share of the objects' pixels at the highest intensity
_LARGE = 1_000_000  # pixels, from which every second row and column tells the share
_LEVELS = 100  # with fewer steps of intensity, many pixels may have the highest one by chance


@dataclass(frozen=True, eq=False)
class IntensityCensus:
    """What of the objects' pixels makes their intensities doubtful; those of parts of an image can be joined.

    Parameters
    ----------
    pixels : int
        Of the objects, among those counted.
    missing, infinite : int
        Which are NaN, or infinite, in any channel.
    least : ndarray of float64, shape (C,)
        Lowest intensity of the objects; infinite without objects.
    most : ndarray of float64, shape (C,)
        Highest intensity of all pixels; minus infinite where it is not looked for.
    at_most : ndarray of int64, shape (C,)
        The objects' pixels that have it.
    """

    pixels: int
    missing: int
    infinite: int
    least: NDArray[np.float64]
    most: NDArray[np.float64]
    at_most: NDArray[np.int64]

    @classmethod
    def of(cls, labels: NDArray[np.integer], pixels: NDArray[np.generic]) -> IntensityCensus:
        """Count the pixels of labels, shape (Y, X), in pixels, shape (Y, X) or (Y, X, C)."""
        channels = pixels if pixels.ndim == 3 else pixels[..., None]
        number = channels.shape[2]
        least, most, at_most = np.full(number, np.inf), np.full(number, -np.inf), np.zeros(number, np.int64)
        if channels.dtype.kind == "f":
            values = channels[labels > 0]
            if np.isfinite(values).all():
                return cls(len(values), 0, 0, least, most, at_most)
            missing, infinite = np.isnan(values).any(axis=1).sum(), np.isinf(values).any(axis=1).sum()
            return cls(len(values), int(missing), int(infinite), least, most, at_most)
        step = 1 if labels.size < _LARGE else 2
        channels, labels = channels[::step, ::step], labels[::step, ::step]
        values = channels[labels > 0]
        if labels.size:
            most = channels.max(axis=(0, 1)).astype(np.float64)
        if len(values):
            least, at_most = values.min(axis=0).astype(np.float64), (values == most).sum(axis=0)
        return cls(len(values), 0, 0, least, most, at_most)

    @classmethod
    def joined(cls, parts: Sequence[IntensityCensus]) -> IntensityCensus:
        """Join those of the parts of one image: one at least."""
        most = np.max([part.most for part in parts], axis=0)
        at_most = np.sum([np.where(part.most == most, part.at_most, 0) for part in parts], axis=0)
        least = np.min([part.least for part in parts], axis=0)
        pixels, missing, infinite = (sum(part.counts[at] for part in parts) for at in range(3))
        return cls(pixels, missing, infinite, least, most, at_most)

    @property
    def counts(self) -> tuple[int, int, int]:
        """The three counts."""
        return self.pixels, self.missing, self.infinite

    def doubts(self, channel_names: Sequence[str] = (), *, seen: int | None = None) -> list[str]:
        """Say what is wrong; see `intensity_doubts`."""
        if not self.pixels:
            return []
        shares = (self.at_most / self.pixels).tolist()
        span = self.most - self.least
        found = [
            channel
            for channel, share in enumerate(shares)
            if share > _SATURATED and span[channel] >= _LEVELS and channel != seen
        ]
        names = [f" of {channel_names[channel] if channel_names else f'channel {channel}'}" for channel in found]
        return self._without_numbers() + [
            f"saturated{name if len(shares) > 1 else ''}: {shares[channel]:.0%} of the objects' pixels are at the "
            "highest intensity, so their intensities are too low"
            for channel, name in zip(found, names, strict=True)
        ]

    def _without_numbers(self) -> list[str]:
        """Say how many pixels hold NaN or an infinite number in any channel."""
        found = []
        if self.missing:
            found.append(
                f"no numbers: {_percent(self.missing / self.pixels)} of the objects' pixels are NaN (not a number), "
                "and left out of intensities, sums among them"
            )
        if self.infinite:
            found.append(
                f"infinite: {_percent(self.infinite / self.pixels)} of the objects' pixels are infinite, and so are "
                "intensities made of them"
            )
        return found


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
    return IntensityCensus.of(labels, pixels).doubts(channel_names, seen=seen)


def _percent(share: float) -> str:
    return f"{share:.0%}" if share >= 0.01 else "under 1%"
