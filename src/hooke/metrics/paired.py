"""Two segmentations of the same images: their DSB scores in pairs, and the share of objects that both found."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from hooke.labels.overlap import count_overlap
from hooke.metrics.bootstrap import percentile_interval, resample_groups
from hooke.metrics.instance import dsb_score
from hooke.metrics.matching import match

#: IoU from which an object that both found counts as the same.
SAME = 0.9

_RESAMPLES = 2000


@dataclass
class PairedScores:
    """Scores that are added image by image.

    Parameters
    ----------
    scores : list of (float, float)
        DSB scores of each image: of the first segmentation and of the second.
    groups : list of str
        Images of one group, such as a field of view, are drawn together.
    same, found : int
        Objects that both found, at an IoU of `SAME` or more; and objects of the one that found more, image by image.

    Examples
    --------
    >>> truth = np.array([[1, 1, 0, 2, 2]])
    >>> pairs = PairedScores()
    >>> pairs.add(truth, np.where(truth == 1, 1, 0), truth, "field")
    >>> pairs.means, pairs.difference, pairs.same_objects
    ((1.0, 0.5), -0.5, 0.5)
    """

    scores: list[tuple[float, float]] = field(default_factory=list)
    groups: list[str] = field(default_factory=list)
    same: int = 0
    found: int = 0

    def add(
        self, first: NDArray[np.integer], second: NDArray[np.integer], truth: NDArray[np.integer], group: str
    ) -> None:
        """Add an image: label images of shape (Y, X)."""
        self.scores.append((dsb_score(count_overlap(first, truth)), dsb_score(count_overlap(second, truth))))
        self.groups.append(group)
        overlap = count_overlap(second, first)
        self.same += match(overlap, SAME).counts.tp
        self.found += max(overlap.n_true, overlap.n_pred)

    @property
    def means(self) -> tuple[float, float]:
        """Mean score of each."""
        first, second = np.mean(self.scores, axis=0).tolist()
        return first, second

    @property
    def difference(self) -> float:
        """By how much the second scores more, in the mean."""
        first, second = self.means
        return second - first

    @property
    def interval(self) -> tuple[float, float]:
        """95 % interval of the difference: paired, images of one group drawn together."""
        first, second = np.transpose(self.scores)
        drawn = resample_groups(self.groups, _RESAMPLES, np.random.default_rng(0))
        return percentile_interval(drawn @ (second - first) / drawn.sum(axis=1))

    @property
    def same_objects(self) -> float:
        """Share of objects that both found, 0..1; 1 where neither found any."""
        return self.same / self.found if self.found else 1.0
