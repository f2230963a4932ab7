"""Measures what an adaptation changed, by ``hooke segment``'s own way: on what was held out, and at home."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hooke.corrections.known_regions import clear_unknown
from hooke.errors import HookeError
from hooke.metrics import score_image
from hooke.models import Model
from hooke.pipeline import segment
from hooke.training.adaptation.held_out import Checked

SCORES = ("dsb", "ap_50", "f1_50")
#: Loss of the DSB score at home that is worth a warning.
WORSE = 0.02


@dataclass(frozen=True, eq=False)
class Judged:
    """One image, or its held-out part, before and after.

    Parameters
    ----------
    checked : Checked
    before, after : ndarray of int32, shape (Y, X)
        Objects found by the parent and by the adapted model.
    scores_before, scores_after : dict of str to float
    """

    checked: Checked
    before: NDArray[np.int32]
    after: NDArray[np.int32]
    scores_before: dict[str, float]
    scores_after: dict[str, float]


def judge(parent: Model, adapted: Model, checked: Sequence[Checked]) -> Iterator[Judged]:
    """Segment images with both models and score what is held out of each; what fails in one is left out."""
    for part in checked:
        try:
            before, after = (find_objects(model, part) for model in (parent, adapted))
        except HookeError:
            continue
        scores = [score_part(labels, part) for labels in (before, after)]
        yield Judged(part, before, after, *scores)


def find_objects(model: Model, part: Checked) -> NDArray[np.int32]:
    """The objects that a model finds in the whole image, as ``hooke segment`` does."""
    return segment(part.source.image, model).labels


def score_part(labels: NDArray[np.int32], part: Checked) -> dict[str, float]:
    """Scores of a label image where the truth is held out and known."""
    scores = score_image(clear_unknown(labels, part.part), clear_unknown(part.source.labels, part.part))
    return {name: float(scores[name]) for name in SCORES}


def mean_of(scores: Sequence[dict[str, float]]) -> dict[str, float]:
    """Mean over images; empty without any."""
    return {name: float(np.mean([score[name] for score in scores])) for name in SCORES} if scores else {}
