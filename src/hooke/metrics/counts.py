"""Computes precision, recall, F1 and Jaccard from numbers of true positives, false positives and false negatives.

The formulas are the same whether pixels or objects are counted, so pixel and instance scores share this one class.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Counts:
    """True positives, false positives and false negatives, of pixels or of objects.

    Where nothing is predicted and nothing is there (all three are 0), every ratio is 1: to find nothing in an empty
    image is right, and so the Data Science Bowl 2018 and most of the field have it. Any other 0/0 is 0: the precision
    of an empty prediction of a full image, and the recall of a full prediction of an empty one.

    Parameters
    ----------
    tp, fp, fn : int
        Found and there; found but not there; there but not found.

    Examples
    --------
    >>> Counts(tp=6, fp=2, fn=4).precision, Counts(tp=6, fp=2, fn=4).recall, Counts(tp=6, fp=2, fn=4).jaccard
    (0.75, 0.6, 0.5)
    """

    tp: int
    fp: int
    fn: int

    def __add__(self, other: Counts) -> Counts:
        """Counts of both together."""
        return Counts(self.tp + other.tp, self.fp + other.fp, self.fn + other.fn)

    @property
    def precision(self) -> float:
        """TP / (TP + FP): the share of what was found that is there."""
        return self._ratio(self.tp, self.tp + self.fp)

    @property
    def recall(self) -> float:
        """TP / (TP + FN): the share of what is there that was found."""
        return self._ratio(self.tp, self.tp + self.fn)

    @property
    def f1(self) -> float:
        """2 TP / (2 TP + FP + FN): the harmonic mean of precision and recall; of pixels it is the Dice coefficient."""
        return self._ratio(2 * self.tp, 2 * self.tp + self.fp + self.fn)

    @property
    def jaccard(self) -> float:
        """TP / (TP + FP + FN): of pixels the intersection over union; of objects what the field calls AP."""
        return self._ratio(self.tp, self.tp + self.fp + self.fn)

    @property
    def empty(self) -> bool:
        """True when nothing was found and nothing is there."""
        return self.tp + self.fp + self.fn == 0

    def _ratio(self, part: int, whole: int) -> float:
        if self.empty:
            return 1.0
        return part / whole if whole else 0.0
