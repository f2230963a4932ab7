"""Score the predicted classes of matched objects.

Whether an object was found at all is measured by the other scores; here only objects that have a partner count.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from hooke.labels.classes import UNKNOWN
from hooke.metrics.classification import ClassificationScores, classification_scores


@dataclass(frozen=True)
class ClassPair:
    """A true object and its partner.

    Parameters
    ----------
    true, predicted : str
        Class of either.
    probabilities : mapping of str to float
        Of each class, as predicted; empty where unknown.
    """

    true: str
    predicted: str
    probabilities: Mapping[str, float]


def class_pairs(
    true: Iterable[str],
    predicted: Iterable[str],
    probabilities: Iterable[Mapping[str, float]],
    ignore: Collection[str] = (),
) -> list[ClassPair]:
    """Pair the classes of matched objects, where both are known and the true one is not to be left out.

    Parameters
    ----------
    true, predicted : iterable of str, length n
        Class of each true object and of its partner; empty text where unknown.
    probabilities : iterable of mapping, length n
        See `ClassPair`.
    ignore : collection of str
        True classes to leave out.
    """
    pairs = (ClassPair(*pair) for pair in zip(true, predicted, probabilities, strict=True))
    return [pair for pair in pairs if pair.true and pair.predicted and pair.true not in ignore]


def score_classes(
    images: Sequence[tuple[str, Sequence[ClassPair]]], *, ignore: Collection[str] = (), resamples: int, seed: int
) -> ClassificationScores | None:
    """Measure how well the classes of matched objects were predicted.

    Parameters
    ----------
    images : sequence of (str, sequence of ClassPair)
        Group of each image, drawn together for the intervals, and its pairs.
    ignore : collection of str
        Classes to leave out: who calls an object so is wrong.
    resamples, seed : int
        Of the bootstrap; with a single group there are no intervals.

    Returns
    -------
    ClassificationScores or None
        None where there is no pair.
    """
    pairs = [pair for _, image_pairs in images for pair in image_pairs]
    if not pairs:
        return None
    classes = sorted({pair.true for pair in pairs} | ({pair.predicted for pair in pairs} - {UNKNOWN, *ignore}))
    place = {name: number for number, name in enumerate(classes)}
    shares = None
    if all(pair.probabilities for pair in pairs):
        shares = np.array([[pair.probabilities.get(name, 0.0) for name in classes] for pair in pairs])
    groups = [group for group, image_pairs in images for _ in image_pairs]
    return classification_scores(
        [place[pair.true] for pair in pairs],
        shares,
        classes,
        groups,
        answers=[place.get(pair.predicted, len(classes)) for pair in pairs],
        resamples=resamples if len(set(groups)) > 1 else 0,
        seed=seed,
    )


def class_notes(true: Collection[str], predicted: Collection[str], ignore: Collection[str] = ()) -> list[str]:
    """Say where the classes of truth and prediction, or those to leave out, do not fit each other.

    Parameters
    ----------
    true, predicted : collection of str
        Classes that occur on either side.
    ignore : collection of str
        Classes to leave out.
    """
    there = {name for name in true if name}
    listed = ", ".join(sorted(there)) or "none"
    absent = sorted(set(ignore) - there)
    notes = [f"no true object is of class {name!r}, which is left out; true classes: {listed}" for name in absent]
    strange = sorted({name for name in predicted if name} - there - {UNKNOWN, *ignore})
    if there and strange:
        notes.append(f"predicted as {', '.join(strange)}, which no true object is; true classes: {listed}")
    return notes
