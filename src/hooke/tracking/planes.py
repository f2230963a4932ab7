"""Lists the objects of one plane as linking needs them: where they are, how large, and of which class."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hooke.labels import find_runs

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Plane:
    """The objects of one label image, by increasing label.

    Parameters
    ----------
    ids, areas : ndarray of int64, shape (N,)
        Labels, and areas in pixels.
    centroids : ndarray of float64, shape (N, 2)
        (y, x) in pixels.
    classes : ndarray of int64, shape (N,)
        A number for each class; 0 where it is unknown.
    """

    ids: Ints
    areas: Ints
    centroids: Floats
    classes: Ints

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def diameters(self) -> Floats:
        """Diameter in pixels of the disc of each object's area."""
        return np.asarray(np.sqrt(4 * self.areas / np.pi), np.float64)


def list_objects(labels: NDArray[np.integer], classes: Mapping[int, int] | None = None) -> Plane:
    """List the objects of a label image.

    Parameters
    ----------
    labels : ndarray of integer, shape (Y, X)
    classes : mapping of int to int, optional
        Number of the class of each label, from 1.

    Examples
    --------
    >>> plane = list_objects(np.array([[0, 7, 7], [0, 7, 7]]))
    >>> plane.ids.tolist(), plane.areas.tolist(), plane.centroids.tolist()
    ([7], [4], [[0.5, 1.5]])
    """
    runs = find_runs(labels)
    areas = runs.sum(runs.length)
    sums = runs.sum(runs.row * runs.length), runs.sum((runs.start + runs.stop - 1) * runs.length) / 2
    known = classes or {}
    return Plane(
        ids=runs.ids,
        areas=areas.astype(np.int64),
        centroids=np.stack(sums, axis=1) / areas[:, None],
        classes=np.array([known.get(label, 0) for label in runs.ids.tolist()] if known else [0] * len(runs.ids), int),
    )
