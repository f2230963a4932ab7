"""Statistics of the intensities of every object, channel by channel."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hooke.labels.bands import bands
from hooke.labels.runs import Runs

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class ChannelIntensity:
    """What was measured of one channel, by object: NaN where an object has no valid pixel.

    Parameters
    ----------
    ending : str
        Of the channel's columns: empty where there is one channel.
    plane : ndarray, shape (Y, X)
    pixels, total : ndarray of float64, shape (objects,)
        Number and sum of the valid pixels.
    statistics : dict of str to ndarray of float64, shape (objects,)
        ``mean``, ``min``, ``max`` and ``std``.
    """

    ending: str
    plane: NDArray[np.generic]
    pixels: Floats
    total: Floats
    statistics: dict[str, Floats]

    @property
    def columns(self) -> dict[str, NDArray[np.generic]]:
        """Mean, least, greatest and standard deviation, by the names of their columns."""
        return {f"intensity_{statistic}{self.ending}": values for statistic, values in self.statistics.items()}


def measure_channels(
    labels: NDArray[np.integer], image: NDArray[np.generic] | None, runs: Runs, channel_names: Sequence[str]
) -> list[ChannelIntensity]:
    """Measure each channel of an image; none without one."""
    if image is None:
        return []
    planes = [image] if image.ndim == 2 else [image[..., channel] for channel in range(image.shape[2])]
    names = [""] if len(planes) == 1 else [f"_{name}" for name in _distinct_names(channel_names, len(planes))]
    return [_intensity(labels, plane, runs, name) for plane, name in zip(planes, names, strict=True)]


def _distinct_names(channel_names: Sequence[str], channels: int) -> list[str]:
    """Names for the channels' columns: cleaned of white space, and numbered from 0 where two would be the same.

    Names that differ by case alone are the same to some programs that read the table.
    """
    names = [" ".join(str(name).split()) for name in channel_names] or [""] * channels
    names = [name or str(number) for number, name in enumerate(names)]
    while len({name.casefold() for name in names}) < channels:
        count = Counter(name.casefold() for name in names)
        names = [f"{name}_{number}" if count[name.casefold()] > 1 else name for number, name in enumerate(names)]
    return names


def _intensity(labels: NDArray[np.integer], plane: NDArray[np.generic], runs: Runs, ending: str) -> ChannelIntensity:
    """Gather the statistics of one channel: of each run first, then of the runs of each object."""
    count, total, mean, least, greatest, squares = (np.zeros(len(runs.index)) for _ in range(6))
    for band in bands(labels):
        here = slice(*np.searchsorted(runs.row, (band.start, band.stop)))
        if here.start == here.stop:
            continue
        values = plane[band][labels[band] > 0].astype(np.float64)
        length = runs.length[here]
        opening = np.cumsum(length) - length
        valid = ~np.isnan(values)
        count[here] = np.add.reduceat(valid, opening, dtype=np.int64)
        least[here] = np.minimum.reduceat(np.where(valid, values, np.inf), opening)
        greatest[here] = np.maximum.reduceat(np.where(valid, values, -np.inf), opening)
        values[~valid] = 0
        with np.errstate(invalid="ignore", over="ignore"):
            total[here] = np.add.reduceat(values, opening)
            mean[here] = total[here] / np.maximum(count[here], 1)
            values -= np.repeat(mean[here], length)
            values[~valid] = 0
            squares[here] = np.add.reduceat(values * values, opening)
    pixels = runs.sum(count)
    sums = np.where(pixels > 0, runs.sum(total), np.nan)
    return ChannelIntensity(ending, plane, pixels, sums, _combine(runs, count, mean, least, greatest, squares))


def _combine(
    runs: Runs, count: Floats, mean: Floats, least: Floats, greatest: Floats, squares: Floats
) -> dict[str, Floats]:
    """Combine runs into objects; deviations are taken from each run's own mean, so large offsets lose no digits.

    Chan, Golub & LeVeque (1983), "Algorithms for computing the sample variance".
    """
    pixels = runs.sum(count)
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        overall = runs.sum(count * mean) / pixels
        between = count * (mean - overall[runs.index]) ** 2
        deviation = np.sqrt(runs.sum(squares + np.where(count > 0, between, 0)) / pixels)
    measured = pixels > 0
    return {
        "mean": overall,
        "min": np.where(measured, runs.extreme(np.minimum, least, np.inf), np.nan),
        "max": np.where(measured, runs.extreme(np.maximum, greatest, -np.inf), np.nan),
        "std": deviation,
    }
