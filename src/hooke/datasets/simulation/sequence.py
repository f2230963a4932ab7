"""Simulates label images of objects that move, grow, divide, leave and enter, and what a segmentation makes of them.

Objects are ellipses that push each other apart. The truth keeps their ids; what is found numbers them in another order
in each frame, misses some, and joins some neighbours to one object.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from hooke.errors import ConfigError
from hooke.labels import find_objects

Floats = NDArray[np.float64]

_BIRTH_AREA = 0.5  # of a grown object, that of a daughter
_ROOM = 1.02  # of the sum of two radii, the least distance of two centres
_PUSHES = 12
_LEAST_SHOWN = 0.3  # of its area, which an object must show to be true


@dataclass(frozen=True)
class SequenceSettings:
    """How a simulated sequence looks.

    Parameters
    ----------
    frames : int
    shape : (int, int)
        Height and width in pixels.
    diameter : float
        Of a grown object, in pixels.
    density : float
        Share of the area that objects cover at first.
    displacement : float
        Largest step in a frame, in diameters; steps are uniform in a disc of this radius.
    persistence : float
        How much of its last step an object keeps, 0 (none) to 1.
    cycle : float
        Mean number of frames from birth to division; 0: nothing divides.
    missed, merged : float
        Share of the objects of a frame that are not found, and that are found as one with a neighbour.
    drift : (float, float)
        Rows and columns by which all objects move in each frame.
    """

    frames: int = 30
    shape: tuple[int, int] = (256, 256)
    diameter: float = 18.0
    density: float = 0.15
    displacement: float = 0.3
    persistence: float = 0.0
    cycle: float = 40.0
    missed: float = 0.02
    merged: float = 0.02
    drift: tuple[float, float] = (0.0, 0.0)


@dataclass(frozen=True, eq=False)
class SimulatedSequence:
    """A simulated sequence.

    Parameters
    ----------
    truth : ndarray of int32, shape (T, Y, X)
        Label images whose ids persist.
    parents : mapping of int to int
        The mother of each object that came out of a division and was seen in the next frame.
    found : ndarray of int32, shape (T, Y, X)
        What a segmentation would find, with ids that mean nothing from frame to frame.
    """

    truth: NDArray[np.int32]
    parents: Mapping[int, int]
    found: NDArray[np.int32]


def simulate_sequence(
    settings: SequenceSettings | None = None, *, seed: int | np.random.Generator = 0
) -> SimulatedSequence:
    """Draw a sequence of label images with its truth.

    Parameters
    ----------
    settings : SequenceSettings, optional
    seed : int or numpy.random.Generator
        Source of every random number; the same seed and settings give the same sequence.

    Returns
    -------
    SimulatedSequence

    Raises
    ------
    ConfigError
        When a setting is out of its range.

    Examples
    --------
    >>> made = simulate_sequence(SequenceSettings(frames=3, shape=(64, 64)), seed=1)
    >>> made.truth.shape, made.found.dtype.name
    ((3, 64, 64), 'int32')
    """
    settings = settings or SequenceSettings()
    _check(settings)
    rng = seed if isinstance(seed, np.random.Generator) else np.random.default_rng(seed)
    culture = _Culture(settings, rng)
    truth = np.zeros((settings.frames, *settings.shape), np.int32)
    for index in range(settings.frames):
        if index:
            culture.step()
        truth[index] = culture.paint()
    parents = _seen_parents(truth, culture.parents)
    return SimulatedSequence(truth, parents, np.stack([_segment(frame, settings, rng) for frame in truth]))


def _check(settings: SequenceSettings) -> None:
    ranges = {
        "frames": (settings.frames, 1, 100_000),
        "diameter": (settings.diameter, 4, math.inf),
        "density": (settings.density, 0, 0.6),
        "displacement": (settings.displacement, 0, 10),
        "persistence": (settings.persistence, 0, 1),
        "cycle": (settings.cycle, 0, math.inf),
        "missed": (settings.missed, 0, 1),
        "merged": (settings.merged, 0, 1),
    }
    for name, (value, low, high) in ranges.items():
        if not low <= value <= high:
            raise ConfigError(f"{name} is {value}", remedy=f"choose a value from {low} to {high}")
    if min(settings.shape) < 1:
        raise ConfigError(f"shape is {settings.shape}", remedy="give a height and a width of at least one pixel")


@dataclass
class _Culture:
    """The objects at one time; rows of all arrays belong together."""

    settings: SequenceSettings
    rng: np.random.Generator
    parents: dict[int, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        height, width = self.settings.shape
        margin = 2 * self.settings.diameter  # objects enter from there
        area = (height + 2 * margin) * (width + 2 * margin)
        count = round(self.settings.density * area / (math.pi / 4 * (0.75 * self.settings.diameter**2)))
        self.low, self.high = np.full(2, -margin), np.array([height + margin, width + margin])
        self.ids = np.arange(1, count + 1)
        self.next_id = count + 1
        self.places = self.rng.uniform(self.low, self.high, (count, 2))
        self.steps = np.zeros((count, 2))
        self.age = self.rng.uniform(0, 1, count)
        self.pace = self._paces(count)
        self.angles = self.rng.uniform(0, math.pi, count)
        self.stretch = self.rng.uniform(1.0, 1.4, count)
        self.in_sight = np.zeros(0, np.int64)  # ids
        for _ in range(8):
            self._push_apart()

    @property
    def radii(self) -> Floats:
        """Radius of the disc of each object's area."""
        size = _BIRTH_AREA + (1 - _BIRTH_AREA) * np.minimum(self.age, 1)
        return np.asarray(self.settings.diameter / 2 * np.sqrt(size))

    def step(self) -> None:
        """Move, grow and divide."""
        settings, count = self.settings, len(self.ids)
        reach = settings.displacement * settings.diameter * np.sqrt(self.rng.uniform(0, 1, count))
        turn = self.rng.uniform(0, 2 * math.pi, count)
        fresh = reach[:, None] * np.stack([np.sin(turn), np.cos(turn)], axis=1)
        self.steps = settings.persistence * self.steps + (1 - settings.persistence) * fresh
        self.places = self.places + self.steps + np.asarray(settings.drift)
        self.angles += self.rng.normal(0, 0.15, count)
        self.age += self.pace
        if settings.cycle:
            self._divide(np.flatnonzero(self.age >= 1))
        self._push_apart()
        self._wrap()

    def paint(self) -> NDArray[np.int32]:
        """Draw the ellipses; what shows too little of itself is left out."""
        labels = np.zeros(self.settings.shape, np.int32)
        radii = self.radii
        for index in self.rng.permutation(len(self.ids)).tolist():
            long, short = radii[index] * math.sqrt(self.stretch[index]), radii[index] / math.sqrt(self.stretch[index])
            y, x = self.places[index]
            # Sixteenths of a pixel, so that slow objects move smoothly.
            centre, axes = (round(x * 16), round(y * 16)), (round(long * 16), round(short * 16))
            corners = np.asarray(cv2.ellipse2Poly((0, 0), axes, round(math.degrees(self.angles[index])), 0, 360, 12))
            cv2.fillPoly(labels, [np.asarray(corners + centre, np.int32)], int(self.ids[index]), shift=4)
        objects = find_objects(labels)
        full = np.zeros(self.next_id)
        full[self.ids] = math.pi * radii**2
        small = objects.ids[objects.areas < _LEAST_SHOWN * full[objects.ids]]
        labels[np.isin(labels, small)] = 0
        self._leave(np.setdiff1d(objects.ids, small))
        return labels

    def _paces(self, count: int) -> Floats:
        """Share of a cycle that each object grows in a frame."""
        return np.asarray(self.rng.uniform(0.8, 1.2, count) / (self.settings.cycle or 60.0))

    def _divide(self, mothers: NDArray[np.int64]) -> None:
        count = len(mothers)
        if not count:
            return
        axis = np.stack([np.sin(self.angles[mothers]), np.cos(self.angles[mothers])], axis=1)
        apart = 0.5 * self.radii[mothers, None] * math.sqrt(2) * axis
        for mother, first in zip(
            self.ids[mothers].tolist(), range(self.next_id, self.next_id + 2 * count, 2), strict=True
        ):
            self.parents[first] = self.parents[first + 1] = mother
        daughters = np.arange(self.next_id, self.next_id + 2 * count)
        self.next_id += 2 * count
        self.places = np.concatenate([self.places, self.places[mothers] - apart])
        self.places[mothers] += apart
        self.ids = np.concatenate([self.ids, daughters[1::2]])
        self.ids[mothers] = daughters[::2]
        self.age[mothers] = 0
        self.age = np.concatenate([self.age, np.zeros(count)])
        self.pace[mothers] = self._paces(count)
        self.pace = np.concatenate([self.pace, self._paces(count)])
        self.steps = np.concatenate([self.steps, self.steps[mothers]])
        self.angles = np.concatenate([self.angles, self.angles[mothers] + self.rng.normal(0, 0.3, count)])
        self.stretch = np.concatenate([self.stretch, self.rng.uniform(1.0, 1.4, count)])

    def _push_apart(self) -> None:
        """Move objects that overlap away from each other."""
        for _ in range(_PUSHES):
            radii = self.radii
            apart = self.places[:, None] - self.places[None]
            distance = np.hypot(apart[..., 0], apart[..., 1])
            np.fill_diagonal(distance, np.inf)
            lacking = np.maximum(_ROOM * (radii[:, None] + radii[None]) - distance, 0)
            if not lacking.any():
                return
            push = 0.5 * lacking / np.maximum(distance, 1e-6)
            self.places = self.places + (push[..., None] * apart).sum(axis=1)

    def _wrap(self) -> None:
        """What leaves the surroundings of the field enters on the other side, as another object."""
        gone = np.asarray(((self.places < self.low) | (self.places > self.high)).any(axis=1), np.bool_)
        self.places = self.low + (self.places - self.low) % (self.high - self.low)
        self._replace(gone)

    def _leave(self, shown: NDArray[np.int64]) -> None:
        """What was in sight and is no more goes far away, so that nothing flickers at the border."""
        gone = np.isin(self.ids, self.in_sight) & ~np.isin(self.ids, shown)
        count = int(gone.sum())
        places = self.rng.uniform(self.low, self.high, (count, 2))
        side, edge = self.rng.integers(0, 2, count), self.rng.integers(0, 2, count)
        places[np.arange(count), side] = np.where(edge, self.high[side], self.low[side])
        self.places[gone] = places
        self._replace(gone)
        self.in_sight = shown

    def _replace(self, gone: NDArray[np.bool_]) -> None:
        count = int(gone.sum())
        self.ids[gone] = np.arange(self.next_id, self.next_id + count)
        self.next_id += count


def _segment(truth: NDArray[np.int32], settings: SequenceSettings, rng: np.random.Generator) -> NDArray[np.int32]:
    """Miss objects, join neighbours, and number what is left in another order."""
    objects = find_objects(truth)
    ids = objects.ids
    becomes = np.arange(int(truth.max(initial=0)) + 1)
    lost = ids[rng.random(len(ids)) < settings.missed]
    becomes[lost] = 0
    labels = truth.copy()
    reach = 1.25 * settings.diameter
    joined: set[int] = set(lost.tolist())
    for index in np.flatnonzero(rng.random(len(ids)) < settings.merged / 2).tolist():
        distance = np.hypot(*(objects.centroids - objects.centroids[index]).T)
        distance[index] = np.inf
        near = int(distance.argmin()) if len(distance) > 1 else index
        pair = int(ids[index]), int(ids[near])
        if near == index or distance[near] > reach or joined & set(pair):
            continue
        joined |= set(pair)
        becomes[pair[1]] = pair[0]
        _bridge(labels, pair)
    labels = becomes[labels].astype(np.int32)
    left = np.unique(labels[labels > 0])
    numbers = np.zeros(len(becomes), np.int32)
    numbers[left] = rng.permutation(len(left)) + 1
    return np.asarray(numbers[labels])


def _bridge(labels: NDArray[np.int32], pair: tuple[int, int]) -> None:
    """Fill the gap between two objects, as a segmentation that joins them does."""
    both = np.isin(labels, pair).astype(np.uint8)
    closed = cv2.morphologyEx(both, cv2.MORPH_CLOSE, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (9, 9)))
    labels[(closed > 0) & (labels == 0)] = pair[0]


def _seen_parents(truth: NDArray[np.int32], parents: Mapping[int, int]) -> dict[int, int]:
    """Mothers of daughters that are seen in the very next frame."""
    begins: dict[int, int] = {}
    ends: dict[int, int] = {}
    for index, frame in enumerate(truth):
        for id_ in np.unique(frame[frame > 0]).tolist():
            begins.setdefault(id_, index)
            ends[id_] = index
    return {id_: mother for id_, mother in parents.items() if id_ in begins and ends.get(mother) == begins[id_] - 1}
