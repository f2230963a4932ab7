"""Predicts a corrected image's maps once, and decodes them by many settings."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hooke.corrections.corrected_images import CorrectedImage
from hooke.corrections.known_regions import clear_unknown
from hooke.corrections.profile import OFFSETS, Profile
from hooke.labels import find_objects
from hooke.labels.numbering import number_from_one
from hooke.models import BundleSettings, Model
from hooke.pipeline.diameter import estimate_diameter
from hooke.pipeline.view import View, prepare_view
from hooke.targets import make_scheme
from hooke.targets.confidence import predict_score


@dataclass(frozen=True)
class Knobs:
    """Settings of one network that are tuned; those of the bundle under names that all target schemes share.

    Parameters
    ----------
    parameters : tuple of (str, float)
        Thresholds of the target scheme.
    grow : float
    min_size : float or None
    min_score : float
    score_weights : tuple of float or None
    diameter : float or None
    diameter_range : (float, float) or None
    channel : int or None
    """

    parameters: tuple[tuple[str, float], ...]
    grow: float
    min_size: float | None
    min_score: float
    score_weights: tuple[float, ...] | None
    diameter: float | None
    diameter_range: tuple[float, float] | None
    channel: int | None

    @classmethod
    def of(cls, settings: BundleSettings) -> Knobs:
        """Take them from a bundle's settings."""
        scheme = make_scheme(settings.scheme, settings.parameters)
        weights = getattr(scheme, "score_weights", None)
        thresholds = tuple((name, float(getattr(scheme, name))) for name in thresholds_of(settings.scheme))
        return cls(
            thresholds,
            settings.grow,
            settings.min_size,
            scheme.min_score,
            None if weights is None else tuple(weights),
            settings.diameter,
            settings.diameter_range,
            settings.channel,
        )

    def settings(self, base: BundleSettings) -> BundleSettings:
        """Put them into a bundle's settings."""
        parameters: dict[str, Any] = {**base.parameters, **dict(self.parameters), "min_score": self.min_score}
        if self.score_weights is not None:
            parameters["score_weights"] = list(self.score_weights)
        changed = {"parameters": parameters, "grow": self.grow, "min_size": self.min_size, "channel": self.channel}
        return base.model_copy(update={**changed, "diameter": self.diameter, "diameter_range": self.diameter_range})

    def threshold(self, name: str) -> float:
        """Value of a threshold of the target scheme."""
        return dict(self.parameters)[name]

    def with_thresholds(self, **values: float) -> Knobs:
        """Give the same knobs with other thresholds."""
        changed = {**dict(self.parameters), **values}
        return replace(self, parameters=tuple((name, round(value, 4)) for name, value in changed.items()))


def thresholds_of(scheme: str) -> tuple[str, ...]:
    """Names of a target scheme's thresholds: of the foreground first, then those that decide on splits."""
    return ("foreground", "seed_distance", "seed") if scheme == "splitline" else ("cell", "centre")


@dataclass(eq=False)
class MappedImage:
    """A corrected image with the maps that the network made of it.

    Parameters
    ----------
    corrected : CorrectedImage
    whole : Model
        With both networks, where it has two.
    threads : int
    """

    corrected: CorrectedImage
    whole: Model
    threads: int = 1
    _views: dict[int | None, View] = field(default_factory=dict)
    _measured: dict[int | None, float | None] = field(default_factory=dict)
    _maps: dict[tuple[int | None, float], NDArray[np.uint16]] = field(default_factory=dict)
    _profiles: dict[tuple[Any, ...], Profile | None] = field(default_factory=dict)
    _scores: dict[Knobs, NDArray[np.float64]] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Name of the image."""
        return self.corrected.name

    @cached_property
    def truth(self) -> NDArray[np.int32]:
        """The true objects that are known, numbered from 1, shape (Y, X)."""
        labels = self.corrected.labels
        kept = clear_unknown(labels, self.corrected.known)
        return labels if kept is labels else number_from_one(kept)[0]

    @property
    def count(self) -> int:
        """Number of true objects that are known."""
        return int(self.truth.max(initial=0))

    @property
    def is_colour(self) -> bool:
        """Whether the image's colours are kept."""
        return self.view(None).normalisation.keeps_colours

    @property
    def true_diameter(self) -> float:
        """Median diameter of the true objects that the border does not cut, pixels; NaN where there is none."""
        objects = find_objects(self.truth)
        areas = objects.areas[~objects.touches_border]
        return math.sqrt(4 / math.pi * float(np.median(areas))) if len(areas) else math.nan

    @property
    def stains(self) -> int:
        """Number of channels that may be chosen from; 1 where there is no choice."""
        image = self.corrected.image
        own = bool(self.whole.settings.channels)
        return 1 if own or image.is_rgb or self.is_colour else image.channels

    def view(self, channel: int | None) -> View:
        """What the network is shown."""
        if channel not in self._views:
            self._views[channel] = prepare_view(self.corrected.image, self.whole, channel, self.threads)
        return self._views[channel]

    def diameter(self, knobs: Knobs) -> float | None:
        """Typical diameter, as a run with these settings would take it."""
        if knobs.diameter is not None:
            return knobs.diameter
        view, model = self.view(knobs.channel), self._model(knobs.channel)
        if knobs.channel not in self._measured:
            bare = model.bundle.settings.model_copy(update={"diameter": None})
            assumed = Model(replace(model.bundle, settings=bare)).assumed_diameter(view.image.height, view.image.width)
            if assumed is None:
                assumed = estimate_diameter(model, view.pixels, view.normalisation, threads=self.threads)
            self._measured[knobs.channel] = assumed
        measured, allowed = self._measured[knobs.channel], knobs.diameter_range
        return measured if measured is None or allowed is None else min(max(measured, allowed[0]), allowed[1])

    def scale(self, knobs: Knobs) -> float | None:
        """Network pixels per image pixel; None where nothing is found to measure."""
        diameter = self.diameter(knobs)
        return None if diameter is None else self._model(knobs.channel).segmenter().scale_of(diameter)

    def profile(self, knobs: Knobs) -> Profile | None:
        """Objects of a decoding before any is dropped; None where nothing is found to measure."""
        diameter = self.diameter(knobs)
        if diameter is None or self.view(knobs.channel).normalisation.is_flat:
            return None
        key = (knobs.parameters, diameter, knobs.channel)
        if key not in self._profiles:
            self._profiles[key] = self._decode(knobs, diameter)
        return self._profiles[key]

    def is_perfect(self, knobs: Knobs) -> bool:
        """Whether the objects found with these settings are the true ones, pixel by pixel."""
        profile = self.profile(knobs)
        if profile is None:
            return self.count == 0
        kept = self._kept(profile, knobs) & profile.counts
        return int(kept.sum()) == self.count and bool((profile.iou_at(knobs.grow)[kept] == 1).all())

    def score(self, knobs: Knobs) -> float:
        """DSB score with these settings."""
        at = int(np.abs(OFFSETS - knobs.grow).argmin())
        return float(self.scores(knobs)[at])

    def scores(self, knobs: Knobs) -> NDArray[np.float64]:
        """DSB score at each of the offsets, with these settings otherwise."""
        key = replace(knobs, grow=0.0)
        if key not in self._scores:
            profile = self.profile(knobs)
            if profile is None:
                self._scores[key] = np.full(len(OFFSETS), 0.0 if self.count else 1.0)
            else:
                self._scores[key] = profile.dsb(self._kept(profile, knobs))
        return self._scores[key]

    def _kept(self, profile: Profile, knobs: Knobs) -> NDArray[np.bool_]:
        diameter = self.diameter(knobs) or 0.0
        smallest = knobs.min_size
        if smallest is None:
            segmenter = self._model(knobs.channel).segmenter(self.threads)
            smallest = segmenter.smallest_area(diameter, self.view(knobs.channel).normalisation)
        scores = profile.scores
        if knobs.score_weights is not None:
            scores = predict_score(profile.traits, knobs.score_weights)
        return (profile.areas >= max(smallest, 1)) & (scores >= knobs.min_score)

    def _decode(self, knobs: Knobs, diameter: float) -> Profile:
        view, model = self.view(knobs.channel), self._model(knobs.channel)
        segmenter = model.segmenter(self.threads)
        scale = segmenter.scale_of(diameter)
        if (knobs.channel, scale) not in self._maps:
            self._maps[knobs.channel, scale] = segmenter.predict(view.pixels, view.normalisation, scale)
        scheme = make_scheme(model.settings.scheme, {**model.settings.parameters, **dict(knobs.parameters)})
        maps = self._maps[knobs.channel, scale]
        decoded = scheme.decode(maps, min_size=1, diameter=diameter, min_score=0.0)
        labels = segmenter.take_rims(decoded.labels, maps, view.pixels, view.normalisation, diameter)
        decoded = replace(decoded, labels=labels)
        decoded, _ = view.keep_real(decoded)
        labels = view.restore(decoded.labels, self.corrected.image)
        return Profile.of(decoded, labels, self.truth, self.corrected.known)

    def _model(self, channel: int | None) -> Model:
        return self.whole.for_image(colour=self.view(channel).normalisation.keeps_colours)
