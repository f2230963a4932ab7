"""Finds objects that were found as one in a frame although they are two before and after, and splits them.

What gives them away is the area: the one object is as large as two of the frame before, and as two of the frame after,
of which one each has no continuation. Nothing is expected of where they touch, so that objects may move.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hooke.tracking.lineage import Lineage
from hooke.tracking.planes import Floats, Ints
from hooke.tracking.segments import reverse

_SUM = 0.35  # octaves by which the one may differ from two of the frame before, and of the frame after
_LAST = 0.2  # the same in the last frame, where nothing after confirms it
_SAME = 0.5  # octaves by which each of the two may change meanwhile
_PART = 0.6  # octaves by which a part may differ from what it is expected to be
_TIE = 1e-9  # square pixels: what rounding makes of two ends that are as good; the expected places then decide
_ROUNDS = 12


@dataclass(frozen=True)
class Merge:
    """One object that is two: by their numbers in all frames, the one, and both before and after.

    In the last frame both are those before, twice.
    """

    whole: int
    before: tuple[int, int]
    after: tuple[int, int]


def find_merges(lineage: Lineage) -> list[Merge]:
    """Find objects that are two in the frames before and after, each of all objects taking part once."""
    search = _Search(lineage)
    return [merge for index in range(1, len(lineage.frames.planes)) for merge in search.merges(index)]


class _Search:
    """Looks for merges, one frame after the other."""

    def __init__(self, lineage: Lineage) -> None:
        frames = lineage.frames
        self.first, self.last = frames.first, len(frames.planes) - 1
        self.frame = frames.frame
        self.following, self.previous = lineage.following, reverse(lineage.following)
        self.areas = np.asarray(frames.joined("areas"), np.float64)
        self.places = np.asarray(frames.joined("centroids"), np.float64) - frames.moved[self.frame]
        self.reach = lineage.parameters.max_distance
        self.ended, self.begun, self.is_last = np.zeros(0, np.int64), np.zeros(0, np.int64), False

    def merges(self, index: int) -> list[Merge]:
        """Those of a frame, best first."""
        first, self.is_last = self.first, index == self.last
        earlier = np.arange(first[index - 1], first[index])
        later = np.arange(first[index + 1], first[index + 1 if self.is_last else index + 2])
        # What has no link to this very frame.
        follows, came = self.following[earlier], self.previous[later]
        self.ended = earlier[(follows < first[index]) | (follows >= first[index + 1])]
        self.begun = later[(came < first[index]) | (came >= first[index + 1])]
        if not len(self.ended) or not (len(self.begun) or self.is_last):
            return []
        here = np.arange(first[index], first[index + 1])
        # Only where something is lost nearby: as far as it may go, and as the whole is wide.
        radii = np.sqrt(self.areas[here] / np.pi)
        apart = np.linalg.norm(self.places[here, None] - self.places[self.ended], axis=2).min(axis=1)
        near = here[apart <= self.reach + radii]
        found = sorted(filter(None, map(self._best, near.tolist())))
        taken: set[int] = set()
        merges = []
        for _, whole, before, after in found:
            if not taken & {*before, *after}:
                taken |= {*before, *after}
                merges.append(Merge(whole, before, after))
        return merges

    def _best(self, whole: int) -> tuple[float, int, tuple[int, int], tuple[int, int]] | None:
        """The pairs before and after that explain an object best, with what they cost."""
        befores = list(self._pairs(whole, int(self.previous[whole]), self.ended))
        if self.is_last:
            costs = [(self._change(whole, pair), whole, pair, pair) for pair in befores]
            return min((one for one in costs if one[0] <= _LAST), default=None)
        afters = list(self._pairs(whole, int(self.following[whole]), self.begun)) if befores else []
        best = None
        for before, after in itertools.product(befores, afters):
            for crossed in (after, after[::-1]):
                cost = self._cost(before, crossed)
                if cost is not None and (best is None or cost < best[0]):
                    best = cost, whole, before, crossed
        return best

    def _pairs(self, whole: int, linked: int, free: Ints) -> Iterator[tuple[int, int]]:
        """Two objects of a neighbouring frame that are as large as the whole together, and near."""
        reach = self.reach + np.sqrt(self.areas[whole] / np.pi)
        near = free[np.linalg.norm(self.places[free] - self.places[whole], axis=1) <= reach]
        is_linked = linked >= 0 and abs(int(self.frame[linked]) - int(self.frame[whole])) == 1
        pairs = [(linked, other) for other in near.tolist()] if is_linked else itertools.combinations(near.tolist(), 2)
        for one, other in pairs:
            if one != other and self._change(whole, (one, other)) <= _SUM:
                yield one, other

    def _change(self, whole: int, pair: tuple[int, int]) -> float:
        """Octaves between an object and two together."""
        return abs(float(np.log2((self.areas[pair[0]] + self.areas[pair[1]]) / self.areas[whole])))

    def _cost(self, before: tuple[int, int], after: tuple[int, int]) -> float | None:
        """How far both go from before to after, in squares of the largest distance; None where they can't."""
        total = 0.0
        for one, other in zip(before, after, strict=True):
            change = abs(float(np.log2(self.areas[one] / self.areas[other])))
            step = float(np.linalg.norm(self.places[one] - self.places[other]))
            if change > _SAME or step > self.reach * np.sqrt(2):
                return None
            total += (step / self.reach) ** 2 + change
        return total


def split_mask(mask: NDArray[np.bool_], centres: Floats, areas: Floats) -> NDArray[np.bool_] | None:
    """Split a mask in two of about given areas.

    Pixels go to the nearer of two discs (by power distance), whose centres follow their pixels; begun where the parts
    are expected, and along the mask's longest axis, and the better end is taken. Pixels as near to both go to the lower
    or, of two on a line, the right one, whichever is named first.

    Parameters
    ----------
    mask : ndarray of bool, shape (H, W)
    centres : ndarray of float64, shape (2, 2)
        (y, x) at which both are expected.
    areas : ndarray of float64, shape (2,)
        Their expected areas in pixels.

    Returns
    -------
    ndarray of bool, shape (H, W), or None
        The first part; None where the parts do not come out as large as expected.

    Examples
    --------
    >>> split_mask(np.ones((2, 9), bool), np.array([[0.5, 3], [0.5, 5]]), np.array([6.0, 12]))[0].tolist()
    [True, True, True, True, False, False, False, False, False]
    """
    if tuple(centres[1]) < tuple(centres[0]):
        other = split_mask(mask, centres[::-1], areas[::-1])
        return None if other is None else mask & ~other
    pixels = np.argwhere(mask).astype(np.float64)
    middle = pixels.mean(axis=0)
    values, axes = np.linalg.eigh(np.cov((pixels - middle).T))
    half = np.sqrt(max(float(values[-1]), 0.25)) * axes[:, -1]
    begins = [centres, np.stack([middle - half, middle + half]), np.stack([middle + half, middle - half])]
    best: tuple[float, NDArray[np.bool_]] | None = None
    for begin in begins:
        cost, first = _settle(pixels, begin, areas / np.pi)
        if best is None or cost < best[0] - _TIE:
            best = cost, first
    assert best is not None
    sizes = np.array([np.count_nonzero(best[1]), len(pixels) - np.count_nonzero(best[1])])
    if sizes.min() == 0 or np.abs(np.log2(sizes / areas)).max() > _PART:
        return None
    part = np.zeros(mask.shape, np.bool_)
    rows, columns = pixels[best[1]].astype(np.int64).T
    part[rows, columns] = True
    return part


def _settle(pixels: Floats, centres: Floats, squares: Floats) -> tuple[float, NDArray[np.bool_]]:
    """Move two centres to the middle of their pixels until nothing changes; the cost, and which are the first's."""
    first = np.zeros(len(pixels), np.bool_)
    power = np.zeros((len(pixels), 2))
    for _ in range(_ROUNDS):
        power = ((pixels[:, None] - centres) ** 2).sum(axis=2) - squares
        nearer = power[:, 0] < power[:, 1]
        if (nearer == first).all() or nearer.all() or not nearer.any():
            first = nearer
            break
        first = nearer
        centres = np.stack([pixels[first].mean(axis=0), pixels[~first].mean(axis=0)])
    return float(power.min(axis=1).mean()), first
