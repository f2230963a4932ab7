"""Classes of instances from classes of pixels: probability maps and a label image in, a class for each instance out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hooke.io.spreadsheet import write_table
from hooke.metrics.classification import UNKNOWN
from hooke.targets.flooding import bands

__all__ = ["CLASS_COUNTS", "UNKNOWN", "Classes", "vote", "write_counts"]

#: Key of `Classes.counts` in an image's row for `write_counts`.
CLASS_COUNTS = "classes"


@dataclass(frozen=True)
class Classes:
    """What kind each instance is.

    Parameters
    ----------
    names : tuple of str
        All classes that the model knows.
    shares : ndarray of float32, shape (n, K)
        Probability of each class, summing to 1; for classes of pixels its mean over the instance.
    threshold : float
        Instances whose most probable class is less probable are `UNKNOWN`.
    """

    names: tuple[str, ...]
    shares: NDArray[np.float32]
    threshold: float = 0.0

    @property
    def of_each(self) -> list[str]:
        """Most probable class of each instance, or `UNKNOWN`."""
        sure = self.probability >= self.threshold
        return [self.names[one] if known else UNKNOWN for one, known in zip(self.best, sure, strict=True)]

    @property
    def best(self) -> NDArray[np.int64]:
        """Position of the most probable class of each instance, shape (n,)."""
        return np.asarray(self.shares.argmax(axis=1) if len(self.shares) else [], np.int64)

    @property
    def probability(self) -> NDArray[np.float32]:
        """Its probability, 0..1, shape (n,)."""
        return np.asarray(self.shares.max(axis=1, initial=0), np.float32)

    @property
    def columns(self) -> dict[str, Any]:
        """Columns of a table of objects: ``class``, ``class_probability``, and ``probability_<class>`` of each."""
        each = {f"probability_{name}": self.shares[:, place] for place, name in enumerate(self.names)}
        return {"class": self.of_each, "class_probability": self.probability, **each}

    @property
    def counts(self) -> dict[str, int]:
        """Instances of each class, those unknown last."""
        of_each = self.of_each
        return {name: of_each.count(name) for name in (*self.names, UNKNOWN)}


def vote(maps: NDArray[np.uint16], labels: NDArray[np.int32], names: Sequence[str]) -> Classes:
    """Let the pixels of each instance vote, each with its probabilities.

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
        for total, one in zip(sums, maps, strict=True):
            total += np.bincount(owner, weights=one[band][inside], minlength=count)
    votes = sums[:, 1:].T + 1e-6
    return Classes(tuple(names), np.asarray(votes / votes.sum(axis=1, keepdims=True), np.float32))


def write_counts(rows: Sequence[Mapping[str, Any]], path: Path, names: Sequence[str] = ()) -> pd.DataFrame:
    """Write how many objects of each class there are, a row per image or plane.

    Parameters
    ----------
    rows : sequence of mapping
        What names the image and plane, and under `CLASS_COUNTS` its `Classes.counts`.
    path : Path
    names : sequence of str
        Columns of a table without rows.

    Returns
    -------
    DataFrame
        What was written.

    Raises
    ------
    OutputError
        When it can't be written.
    """
    flat = [
        {**{name: value for name, value in row.items() if name != CLASS_COUNTS}, **row[CLASS_COUNTS]} for row in rows
    ]
    table = pd.DataFrame(flat) if flat else pd.DataFrame(columns=["image", *names, UNKNOWN])
    write_table(table, path)
    return table
