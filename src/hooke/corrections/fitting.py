"""Chooses settings of one network by the scores of corrected images, and checks the choice on images left out."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hooke.corrections.mapped_image import Knobs, MappedImage, thresholds_of
from hooke.corrections.profile import OFFSETS
from hooke.targets.confidence import fit_score

_FOREGROUND = (-0.2, -0.1, 0.1, 0.2)  # steps from the parent's threshold
_SPLITS = (-0.15, 0.15)
_MIN_SCORES = (0.0, 0.2, 0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6, 0.7)
_MIN_SIZES = (0.05, 0.1, 0.15, 0.2, 0.3)  # of the median area of the true objects
_ENOUGH_OBJECTS = 50  # below this, the weights of the score are not fitted
_MOST_CHANNELS = 4
_RANGE = 1.25  # how far beyond the true diameters the range of measured ones reaches, as a factor
_STEPS = 8  # of a fixed diameter, to an octave: nearly equal ones then share their maps
#: Quantiles of Student's distribution, one-sided 90 % and two-sided 95 %, for 1, 2, ... degrees of freedom.
_T90 = (3.078, 1.886, 1.638, 1.533, 1.476, 1.440, 1.415, 1.397, 1.383, 1.372)
_T95 = (12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228)

Groups = Sequence[Sequence[MappedImage]]
#: Maps a function over items, maybe in several threads.
Mapper = Callable[[Callable[[Any], Any], Iterable[Any]], Iterable[Any]]
_Stage = Callable[[Sequence[MappedImage], Knobs], Iterable[Knobs]]


@dataclass(frozen=True)
class Fit:
    """What was chosen for one network.

    Parameters
    ----------
    before, after : Knobs
        The parent's settings, and those chosen; the same where nothing was better beyond noise.
    names : tuple of str
        Of the images.
    scores_before, scores_after : ndarray of float64, shape (images,)
        DSB score of each: with the parent's settings; with those that were chosen without it, or, of a single image,
        on it.
    checked : bool
        Whether the images were left out: not where there is one group of images only.
    """

    before: Knobs
    after: Knobs
    names: tuple[str, ...]
    scores_before: NDArray[np.float64]
    scores_after: NDArray[np.float64]
    checked: bool

    @property
    def gain(self) -> float:
        """Mean difference of the DSB score."""
        return float((self.scores_after - self.scores_before).mean())

    @property
    def interval(self) -> tuple[float, float] | None:
        """95 % interval of the gain by Student's distribution; None where there is one image only."""
        gains = self.scores_after - self.scores_before
        if not self.checked or len(gains) < 2:
            return None
        half = _quantile(_T95, len(gains)) * float(gains.std(ddof=1)) / math.sqrt(len(gains))
        return self.gain - half, self.gain + half

    @property
    def changed(self) -> bool:
        """Whether any setting is another."""
        return self.before != self.after


def fit_knobs(groups: Groups, base: Knobs, scheme: str, over: Mapper = map, *, of_images: bool = True) -> Fit:
    """Choose settings, and check them on each group by what the others would have chosen.

    Parameters
    ----------
    groups : sequence of sequence of MappedImage
        Images that show the same place are one group.
    base : Knobs
        The parent's.
    scheme : str
        Name of the target scheme.
    over : callable, optional
        Such as the ``map`` of an executor.
    of_images : bool
        Whether channel, diameter and smallest area may change, which hold for images like these alone.
    """
    images = [image for group in groups for image in group]
    before = np.array([image.score(base) for image in images])
    chosen = _choose(groups, base, scheme, over, of_images)
    if len(groups) < 2:
        after = np.array([image.score(chosen) for image in images])
        return Fit(base, chosen, tuple(image.name for image in images), before, after, checked=False)
    held_out = []
    for index, group in enumerate(groups):
        others = [*groups[:index], *groups[index + 1 :]]
        knobs = _choose(others, base, scheme, over, of_images) if chosen != base else base
        held_out += [image.score(knobs) for image in group]
    fit = Fit(base, chosen, tuple(image.name for image in images), before, np.array(held_out), checked=True)
    if chosen != base and not is_gain(_by_group(groups, fit.scores_after - before)):
        return replace(fit, after=base, scores_after=before)
    return fit


def _choose(groups: Groups, base: Knobs, scheme: str, over: Mapper, of_images: bool) -> Knobs:
    """Go through the settings one kind after the other, and keep what is better beyond noise."""
    names = thresholds_of(scheme)
    stages: list[_Stage] = [
        _channels,
        _diameters,
        lambda images, knobs: _moved(knobs, names[:1], _FOREGROUND),
        lambda images, knobs: _moved(knobs, names[1:], _SPLITS),
        _smallest,
        _scores,
    ]
    images = [image for group in groups for image in group]
    knobs = base
    for stage in stages:
        if stage in _OF_IMAGES and not of_images:
            continue
        candidates = [knobs, *stage(images, knobs)]
        with_offsets = stage not in stages[:2]
        knobs = _best(groups, knobs, candidates, over, with_offsets=with_offsets)
    return knobs


def _best(groups: Groups, now: Knobs, candidates: Sequence[Knobs], over: Mapper, *, with_offsets: bool) -> Knobs:
    """Give the best candidate at its best offset, or `now` where what is chosen without a group does not help it."""
    offsets = OFFSETS if with_offsets else np.array([now.grow])
    at = [int(np.abs(OFFSETS - offset).argmin()) for offset in offsets]
    # (groups, candidates, offsets): mean over the images of each group.
    images = [image for group in groups for image in group]
    # Pair by pair, so that few images keep all threads busy.
    pairs = [(image, knobs) for image in images for knobs in candidates]
    scored = iter(list(over(lambda pair: pair[0].scores(pair[1])[at], pairs)))
    table = np.array([np.mean([[next(scored) for _ in candidates] for _ in group], axis=0) for group in groups])
    flat = table.reshape(len(groups), -1)
    nearest = _nearness(candidates, offsets, now)
    base = flat[:, nearest[0]]

    def pick(means: NDArray[np.float64]) -> int:
        """Place of the highest mean; among equal ones, of what is nearest to the settings now."""
        return int(nearest[np.argmax(np.round(means[nearest], 6))])

    chosen = pick(flat.mean(axis=0))
    if chosen == nearest[0]:
        return now
    if len(groups) > 1:
        others = (flat.sum(axis=0) - flat) / (len(groups) - 1)
        gains = np.array([flat[index, pick(others[index])] for index in range(len(groups))]) - base
        if not is_gain(gains):
            return now
    which, offset = divmod(chosen, len(offsets))
    return replace(candidates[which], grow=float(offsets[offset]) if with_offsets else now.grow)


def _nearness(candidates: Sequence[Knobs], offsets: NDArray[np.float64], now: Knobs) -> NDArray[np.intp]:
    """Order of all pairs of candidate and offset, those nearest to the settings now first."""
    away = np.arange(len(candidates))[:, None] + np.abs(offsets - now.grow)[None]
    return np.argsort(away.ravel(), kind="stable")


def is_gain(gains: NDArray[np.float64]) -> bool:
    """Whether gains of single groups are above 0 beyond noise: their mean's one-sided 90 % bound is."""
    mean = float(gains.mean())
    if len(gains) < 2:
        return mean > 0
    return mean > _quantile(_T90, len(gains)) * float(gains.std(ddof=1)) / math.sqrt(len(gains)) and mean > 0


def _quantile(table: Sequence[float], count: int) -> float:
    return table[min(count - 1, len(table)) - 1]


def _by_group(groups: Groups, values: NDArray[np.float64]) -> NDArray[np.float64]:
    ends = np.cumsum([len(group) for group in groups])
    return np.array([part.mean() for part in np.split(values, ends[:-1])])


def _channels(images: Sequence[MappedImage], knobs: Knobs) -> Iterable[Knobs]:
    """One channel for all images, where each is of several stains."""
    count = min(image.stains for image in images)
    return [replace(knobs, channel=channel) for channel in range(count)] if 1 < count <= _MOST_CHANNELS else []


def _diameters(images: Sequence[MappedImage], knobs: Knobs) -> Iterable[Knobs]:
    """A diameter or a range of them, where any image would be shown at another scale."""
    true = np.array([image.true_diameter for image in images])
    true = true[np.isfinite(true)]
    if not len(true) or any(image.whole.settings.frame is not None for image in images):
        return []
    fixed = 2 ** (round(math.log2(float(np.median(true))) * _STEPS) / _STEPS)
    allowed = (round(max(float(true.min()) / _RANGE, 1.0), 1), round(float(true.max()) * _RANGE, 1))
    candidates = [
        replace(knobs, diameter=None, diameter_range=allowed),
        replace(knobs, diameter=round(fixed, 1), diameter_range=None),
    ]
    return [new for new in candidates if any(image.scale(new) != image.scale(knobs) for image in images)]


def _moved(knobs: Knobs, names: Iterable[str], steps: Iterable[float]) -> Iterable[Knobs]:
    """Thresholds moved one by one."""
    for name in names:
        for step in steps:
            value = knobs.threshold(name) + step
            if 0.05 <= value <= 0.95:
                yield knobs.with_thresholds(**{name: value})


def _smallest(images: Sequence[MappedImage], knobs: Knobs) -> Iterable[Knobs]:
    areas = np.concatenate([np.bincount(image.truth.ravel())[1:] for image in images])
    areas = areas[areas > 0]
    typical = float(np.median(areas)) if len(areas) else 0.0
    return [replace(knobs, min_size=float(round(share * typical))) for share in _MIN_SIZES if typical]


def _scores(images: Sequence[MappedImage], knobs: Knobs) -> Iterable[Knobs]:
    """Lowest scores, by the weights that there are and by weights fitted to these images."""
    yield from (replace(knobs, min_score=lowest) for lowest in _MIN_SCORES)
    profiles = [profile for image in images if (profile := image.profile(knobs)) is not None]
    if knobs.score_weights is None or sum(len(profile.scores) for profile in profiles) < _ENOUGH_OBJECTS:
        return
    traits = np.concatenate([profile.traits[profile.counts] for profile in profiles])
    iou = np.concatenate([profile.iou_at(knobs.grow)[profile.counts] for profile in profiles])
    weights = tuple(round(weight, 4) for weight in fit_score(traits, iou))
    yield from (replace(knobs, min_score=lowest, score_weights=weights) for lowest in _MIN_SCORES)


_OF_IMAGES = (_channels, _diameters, _smallest)
