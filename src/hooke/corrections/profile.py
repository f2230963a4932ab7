"""Scores one decoding of an image at many outline offsets and with many objects left out, from one count of pixels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hooke.labels import OffsetField
from hooke.labels.expansion import expand_labels
from hooke.metrics import DSB_THRESHOLDS
from hooke.targets import Decoded

#: Outline offsets that are compared, pixels.
OFFSETS: NDArray[np.float64] = np.arange(-16, 25) / 4
_AS_IT_IS = int(np.flatnonzero(OFFSETS == 0)[0])
_KNOWN = 0.5  # share of a predicted object's pixels that must be known for it to count


@dataclass(frozen=True, eq=False)
class Profile:
    """Objects of one decoding, none left out, and what they share with the true ones at every offset.

    Parameters
    ----------
    scores, areas : ndarray, shape (n,)
        Of each object, before its outline is moved.
    traits : ndarray of float64, shape (n, 3)
        What the score is made of.
    grown : ndarray of int64, shape (n, offsets)
        Area at each offset.
    pair_object, pair_true : ndarray of int64, shape (K,)
        Places of the two objects of each pair that share pixels.
    shared : ndarray of int64, shape (K, offsets)
        Pixels that they share.
    true_areas : ndarray of int64, shape (T,)
    counts : ndarray of bool, shape (n,)
        Whether the object lies where the truth is known.
    """

    scores: NDArray[np.float32]
    areas: NDArray[np.int64]
    traits: NDArray[np.float64]
    grown: NDArray[np.int64]
    pair_object: NDArray[np.int64]
    pair_true: NDArray[np.int64]
    shared: NDArray[np.int64]
    true_areas: NDArray[np.int64]
    counts: NDArray[np.bool_]

    @classmethod
    def of(
        cls, decoded: Decoded, labels: NDArray[np.int32], truth: NDArray[np.int32], known: NDArray[np.bool_] | None
    ) -> Profile:
        """Count the pixels of decoded objects, whose labels are 1..n, and of the true ones, both (Y, X)."""
        objects, trues, steps = len(decoded.scores), int(truth.max(initial=0)), len(OFFSETS)
        field = OffsetField.of(labels, float(np.abs(OFFSETS).max()))
        near = field.distance <= OFFSETS[-1]
        owner = expand_labels(labels, float(OFFSETS[-1]) + 2)[near].astype(np.int64)
        step = np.searchsorted(OFFSETS, field.distance[near])
        known_here = np.ones(len(owner), np.bool_) if known is None else known[near]
        inside = owner > 0
        keys = (owner * (trues + 1) + truth[near]) * steps + step
        found, times = np.unique(keys[inside], return_counts=True)
        pairs, at = np.unique(found // steps, return_inverse=True)
        counted = np.zeros((len(pairs), steps), np.int64)
        counted[at, found % steps] = times
        counted = counted.cumsum(axis=1)
        whose, true = pairs // (trues + 1) - 1, pairs % (trues + 1) - 1
        grown = np.zeros((objects, steps), np.int64)
        np.add.at(grown, whose, counted)
        seen = np.bincount(owner[inside & known_here & (step <= _AS_IT_IS)] - 1, minlength=objects)
        is_pair = true >= 0
        areas = np.bincount(labels.ravel(), minlength=objects + 1)[1 : objects + 1]
        true_areas = np.bincount(truth.ravel(), minlength=trues + 1)[1:]
        return cls(
            decoded.scores, areas, decoded.traits, grown, whose[is_pair], true[is_pair], counted[is_pair],
            true_areas, seen >= _KNOWN * areas,
        )  # fmt: skip

    def dsb(self, keep: NDArray[np.bool_]) -> NDArray[np.float64]:
        """DSB score at every offset when these objects are kept, shape (offsets,)."""
        keep = keep & self.counts
        of_pair = keep[self.pair_object]
        iou = self._iou[of_pair]
        total = int(keep.sum()) + len(self.true_areas)
        if not total:
            return np.ones(len(OFFSETS))
        # From an IoU over 0.5 no object is in two pairs; exactly half of two others is too rare to count.
        hits = np.stack([(iou >= threshold).sum(axis=0) for threshold in DSB_THRESHOLDS])
        return np.asarray((hits / (total - hits)).mean(axis=0), np.float64)

    def iou_at(self, offset: float) -> NDArray[np.float64]:
        """IoU of each object with its best true one at an offset, shape (n,); 0 where there is none."""
        best = np.zeros(len(self.scores))
        np.maximum.at(best, self.pair_object, self._iou[:, int(np.abs(OFFSETS - offset).argmin())])
        return best

    @property
    def _iou(self) -> NDArray[np.float64]:
        union = self.grown[self.pair_object] + self.true_areas[self.pair_true][:, None] - self.shared
        return np.asarray(self.shared / np.maximum(union, 1), np.float64)
