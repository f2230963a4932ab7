"""Finds images whose count, sizes, intensities or scores are unlike those of the others of a run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

_FEWEST = 8  # images to compare with: among fewer, nothing is usual
_FAR = 3.5  # robust standard deviations: Iglewicz and Hoaglin (1993), "How to detect and handle outliers"
_MAD = 0.6745  # median absolute deviation of a normal distribution, as a share of its standard deviation
_FEW_OBJECTS = 5  # the typical size, intensity and score of fewer say nothing of an image

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class _Measure:
    """What is compared: a column, in words, and how.

    Parameters
    ----------
    column : str
    low, high : str
        What an image is called whose value is far below or above the others'.
    scale : callable
        Makes differences that weigh the same equal.
    least : float
        Smaller differences are no matter, on this scale.
    of_objects : bool
        Whether it is a median over the objects.
    """

    column: str
    low: str
    high: str
    scale: Callable[[Floats], Floats]
    least: float
    of_objects: bool = True


def _log(values: Floats) -> Floats:
    return np.log(np.maximum(values, 1e-9))


def _log_count(values: Floats) -> Floats:
    return np.log1p(np.maximum(values, 0))


def _plain(values: Floats) -> Floats:
    return values


_MEASURES = (
    _Measure("count", "few objects", "many objects", _log_count, float(np.log(1.5)), of_objects=False),
    _Measure("area", "small objects", "large objects", _log, float(np.log(1.3))),
    _Measure("intensity", "dark objects", "bright objects", _log, float(np.log(1.5))),
    _Measure("score", "low scores", "high scores", _plain, 0.1),
)


def find_unusual(images: pd.DataFrame) -> dict[int, list[str]]:
    """Find the images that are unlike the others.

    Each value is compared with the median of all images by robust standard deviations, counts, sizes and intensities
    as ratios. Images of the same ``group`` are compared with each other where there are eight of it, else with all.

    Parameters
    ----------
    images : DataFrame
        A row per image: ``group`` (what images it is like: a condition, a modality), ``count``; ``area``,
        ``intensity`` and ``score``: medians over its objects, NaN where it has none.

    Returns
    -------
    dict of int to list of str
        What is unusual, in words, by the position of the row.

    Examples
    --------
    >>> images = pd.DataFrame({"group": "", "count": [50, 55, 48, 52, 3, 51, 49, 60, 53]})
    >>> find_unusual(images.assign(area=90.0, intensity=20.0, score=0.9))
    {4: ['few objects: 3, where others have 48 to 60']}
    """
    found: dict[int, list[str]] = {}
    groups = images["group"].astype(str).to_numpy()
    enough = images["count"].to_numpy(np.float64) >= _FEW_OBJECTS
    for measure in _MEASURES:
        values = images[measure.column].to_numpy(np.float64, na_value=np.nan)
        usable = np.isfinite(values) & (enough | (not measure.of_objects))
        for name in dict.fromkeys(groups.tolist()):
            of_group = usable & (groups == name)
            compared = of_group if of_group.sum() >= _FEWEST else usable
            if compared.sum() >= _FEWEST:
                for row in np.flatnonzero(of_group).tolist():
                    if words := _judge(measure, values[row], values[compared]):
                        found.setdefault(row, []).append(words)
    return dict(sorted(found.items()))


def _judge(measure: _Measure, value: float, others: Floats) -> str:
    """Say what is unusual about a value; empty where nothing is."""
    scaled, own = measure.scale(others), float(measure.scale(np.array([value]))[0])
    middle = float(np.median(scaled))
    spread = float(np.median(np.abs(scaled - middle))) / _MAD
    limit = max(_FAR * spread, measure.least)
    if abs(own - middle) <= limit or (measure.column == "score" and own > middle):
        return ""
    usual = others[np.abs(scaled - middle) <= limit]
    word = measure.low if own < middle else measure.high
    return f"{word}: {_short(value)}, where others have {_short(usual.min())} to {_short(usual.max())}"


def _short(value: float) -> str:
    """Three digits of a number, whole where it is large."""
    return f"{value:.0f}" if value >= 100 or value == round(value) else f"{value:.3g}"
