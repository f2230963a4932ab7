"""What every target scheme decodes maps to: labels and scores, less the candidates that are too small or too unsure."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from hooke.labels.bands import for_each_band
from hooke.labels.runs import find_runs
from hooke.targets.confidence import Traits
from hooke.targets.flooding import renumber


@dataclass(frozen=True)
class Decoded:
    """What decoding gives.

    Parameters
    ----------
    labels : ndarray of int32, shape (Y, X)
        0 background, 1..n instances.
    scores : ndarray of float32, shape (n,)
        Confidence in each instance, 0..1, in the order of the labels: its predicted IoU with the true
        object if the scheme has `score_weights`, else its mean foreground probability.
    traits : ndarray of float64, shape (n, 3)
        What the score is made of: see `hooke.targets.confidence`.
    too_small : int
        Candidates that score well enough and were dropped because they have fewer pixels than ``min_size``.
    too_unsure : int
        Candidates that are large enough and were dropped because they score below ``min_score``. What is too small
        and scores too low is noise rather than a candidate, and is not counted.
    """

    labels: NDArray[np.int32]
    scores: NDArray[np.float32]
    traits: NDArray[np.float64]
    too_small: int = 0
    too_unsure: int = 0


def keep_candidates(
    labels: NDArray[np.int32],
    area: NDArray[np.int64],
    score: NDArray[np.float32],
    traits: NDArray[np.float64],
    min_size: float,
    min_score: float,
    threads: int = 1,
) -> Decoded:
    """Drop candidates that are too small or score too low, and count those that fail for one reason only.

    Parameters
    ----------
    labels : ndarray of int32, shape (Y, X)
        Candidates 1..n; renumbered in place.
    area, score : ndarray, shape (n + 1,)
        Of each label from 0.
    traits : ndarray of float64, shape (n + 1, 3)
    min_size : float
        Pixels.
    min_score : float
        0..1.
    threads : int
    """
    large, sure = area >= min_size, score >= min_score
    large[0] = sure[0] = False  # the background is not a candidate
    keep = large & sure
    renumber(labels, keep, threads)
    too_small, too_unsure = int((sure & ~large & (area > 0)).sum()), int((large & ~sure).sum())
    return Decoded(labels, score[keep], traits[keep], too_small, too_unsure)


def find_large(labels: NDArray[np.int32], count: int, min_size: float, threads: int = 1) -> NDArray[np.bool_]:
    """Which of labels 0..count have `min_size` pixels or more; the background never counts."""
    runs = find_runs(labels, threads)
    large = np.zeros(count + 1, np.bool_)
    large[runs.ids] = runs.sum(runs.length) >= min_size
    return large


def drop_small(decoded: Decoded, min_size: float, threads: int = 1) -> Decoded:
    """Drop objects of fewer pixels, after their outlines were moved; labels are renumbered in place."""
    large = find_large(decoded.labels, len(decoded.scores), min_size, threads)
    if large[1:].all():
        return decoded
    renumber(decoded.labels, large, threads)
    kept, too_small = large[1:], decoded.too_small + int(np.count_nonzero(~large[1:]))
    return replace(decoded, scores=decoded.scores[kept], traits=decoded.traits[kept], too_small=too_small)


def measure_traits(
    labels: NDArray[np.int32],
    foreground: NDArray[np.uint16],
    split: NDArray[np.uint16],
    distance: NDArray[np.uint16],
    threads: int = 1,
) -> Traits:
    """Gather what each instance's pixels say in the maps; all arrays have shape (Y, X)."""
    traits = Traits(int(labels.max(initial=0)))

    def gather(band: slice) -> None:
        traits.add(labels[band], foreground[band], split[band], distance[band])

    for_each_band(gather, labels, threads)
    return traits
