"""Defines the class of each object with its probabilities, and the protocol of a classifier of objects."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from hooke.image import Image
from hooke.labels.bands import bands

#: Class of an object whose class is not known, or not probable enough.
UNKNOWN = "unknown"


@dataclass(frozen=True)
class Classes:
    """The class of each object.

    Parameters
    ----------
    names : tuple of str
        All classes that the model knows.
    probabilities : ndarray of float32, shape (n, K)
        Probability of each class, summing to 1; for classes of pixels its mean over the object.
    threshold : float
        Objects whose most probable class is less probable are `UNKNOWN`.
    """

    names: tuple[str, ...]
    probabilities: NDArray[np.float32]
    threshold: float = 0.0

    @property
    def labels(self) -> list[str]:
        """Most probable class of each object, or `UNKNOWN`."""
        sure = self.probability >= self.threshold
        return [self.names[place] if known else UNKNOWN for place, known in zip(self.best, sure, strict=True)]

    @property
    def best(self) -> NDArray[np.int64]:
        """Position of the most probable class of each object, shape (n,)."""
        return np.asarray(self.probabilities.argmax(axis=1) if len(self.probabilities) else [], np.int64)

    @property
    def probability(self) -> NDArray[np.float32]:
        """Its probability, 0..1, shape (n,)."""
        return np.asarray(self.probabilities.max(axis=1, initial=0), np.float32)

    @property
    def columns(self) -> dict[str, Any]:
        """Columns of a table of objects: ``class``, ``class_probability``, and ``probability_<class>`` of each."""
        by_class = {f"probability_{name}": self.probabilities[:, place] for place, name in enumerate(self.names)}
        return {"class": self.labels, "class_probability": self.probability, **by_class}

    @property
    def counts(self) -> dict[str, int]:
        """Objects of each class, those unknown last."""
        labels = self.labels
        return {name: labels.count(name) for name in (*self.names, UNKNOWN)}


class ObjectClassifier(Protocol):
    """What segmentation needs of a classifier, which it is given and never loads."""

    @property
    def classes(self) -> tuple[str, ...]:
        """Names, in the order of the probabilities."""

    @property
    def path(self) -> Path | None:
        """Where it was loaded from; None for one that was made in memory."""

    @property
    def checksum(self) -> str:
        """SHA-256 of what decides its results."""

    def classify_objects(
        self,
        image: Image,
        labels: NDArray[np.int32],
        *,
        threshold: float = 0.0,
        channel: int | None = None,
        threads: int = 0,
    ) -> tuple[Classes, tuple[str, ...]]:
        """Predict the class of every object of an image.

        Parameters
        ----------
        image : Image
        labels : ndarray of int32, shape (Y, X)
            0 is background.
        threshold : float
            Objects whose most probable class is less probable are `UNKNOWN`.
        channel : int, optional
            Channel (0 is the first) that shows the objects.
        threads : int
            Threads to compute with; 0 takes all cores.

        Returns
        -------
        Classes
            Of the objects, by increasing label.
        tuple of str
            What the user should know about this result.

        Raises
        ------
        HookeError
            When this image can't be classified.
        """


def aggregate_pixel_classes(maps: NDArray[np.uint16], labels: NDArray[np.int32], names: Sequence[str]) -> Classes:
    """Average the probabilities of an object's pixels.

    Parameters
    ----------
    maps : ndarray of uint16, shape (K, Y, X)
        Probability of each class per pixel, 65535 for 1.
    labels : ndarray of int32, shape (Y, X)
        0 background, 1..n.
    names : sequence of str
        The K classes.
    """
    count = int(labels.max(initial=0)) + 1
    sums = np.zeros((len(names), count))
    for band in bands(labels):
        inside = labels[band] > 0
        owner = labels[band][inside]
        for total, probability in zip(sums, maps, strict=True):
            total += np.bincount(owner, weights=probability[band][inside], minlength=count)
    votes = sums[:, 1:].T + 1e-6
    return Classes(tuple(names), np.asarray(votes / votes.sum(axis=1, keepdims=True), np.float32))
