"""Lists the objects of one plane, or stack in depth, as linking needs them: place, size and class."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hooke.labels import Runs, find_runs

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Plane:
    """The objects of one label image, by increasing label.

    Parameters
    ----------
    ids, areas : ndarray of int64, shape (N,)
        Labels, and areas in pixels; of stacks, volumes in voxels.
    centroids : ndarray of float64, shape (N, 2) or (N, 3)
        (y, x) or (z, y, x) in pixels, z too.
    classes : ndarray of int64, shape (N,)
        A number for each class; 0 where it is unknown.
    at_border : ndarray of bool, shape (N,)
        Whether the image's edge cuts the object, so that its area says little.
    elongations : ndarray of float64, shape (N, 2)
        How long an object is and in which direction: the logarithm of the ratio of its axes, times cosine and sine of
        twice the angle. 0 for a disc; of stacks in depth, 0.
    anisotropy : float
        Distance of a stack's planes in pixels.
    """

    ids: Ints
    areas: Ints
    centroids: Floats
    classes: Ints
    at_border: NDArray[np.bool_]
    elongations: Floats
    anisotropy: float = 1.0

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def diameters(self) -> Floats:
        """Diameter in pixels of the disc of each object's area, or of the sphere of its volume."""
        return diameters_of(self.areas, self.centroids.shape[1], self.anisotropy)


def diameters_of(areas: Ints | Floats, dimensions: int, anisotropy: float) -> Floats:
    """Diameters in pixels of the discs of areas in pixels, or of the spheres of volumes in voxels."""
    if dimensions == 2:
        return np.asarray(np.sqrt(4 * areas / np.pi), np.float64)
    return np.asarray(np.cbrt(6 * anisotropy * areas / np.pi), np.float64)


def list_objects(
    labels: NDArray[np.integer], classes: Mapping[int, int] | None = None, anisotropy: float = 1.0
) -> Plane:
    """List the objects of a label image.

    Parameters
    ----------
    labels : ndarray of integer, shape (Y, X) or (Z, Y, X)
    classes : mapping of int to int, optional
        Number of the class of each label, from 1.
    anisotropy : float
        Distance of a stack's planes in pixels.

    Examples
    --------
    >>> plane = list_objects(np.array([[0, 7, 7], [0, 7, 7]]))
    >>> plane.ids.tolist(), plane.areas.tolist(), plane.centroids.tolist()
    ([7], [4], [[0.5, 1.5]])
    """
    if labels.ndim == 3:
        return _list_solids(labels, classes, anisotropy)
    runs = find_runs(labels)
    areas = runs.sum(runs.length)
    sums, cut = runs.sums, runs.at_border(labels.shape)
    return _plane(runs.ids, areas, sums, cut, classes, anisotropy, _elongations(runs, areas, sums))


def _elongations(runs: Runs, areas: Floats, sums: Sequence[Floats]) -> Floats:
    """How long each object is, by the second moments of its pixels: see `Plane`."""
    y, x = (total / areas for total in sums)
    middle = (runs.start + runs.stop - 1) / 2
    along = runs.length * (middle**2 + (runs.length**2 - 1) / 12)  # sum of the squares of a run's columns
    yy = runs.sum(runs.row**2 * runs.length) / areas - y * y
    xx = runs.sum(along) / areas - x * x
    yx = runs.sum(runs.row * middle * runs.length) / areas - y * x
    pixel = 1 / 12  # that of a pixel itself
    size, ratio = (yy + xx) / 2 + pixel, np.hypot((yy - xx) / 2, yx)
    least = np.maximum(size - ratio, pixel)
    length = 0.5 * np.log((size + ratio) / least) / np.maximum(ratio, 1e-9)
    return np.asarray(length[:, None] * np.stack([(yy - xx) / 2, yx], axis=1), np.float64)


def _list_solids(labels: NDArray[np.integer], classes: Mapping[int, int] | None, anisotropy: float) -> Plane:
    """List the objects of a stack in depth, from those of its planes."""
    planes = [list_objects(plane) for plane in labels]
    depth = np.repeat(np.arange(len(planes)), [len(plane) for plane in planes])
    areas = np.concatenate([plane.areas for plane in planes]).astype(np.float64)
    places = np.concatenate([plane.centroids for plane in planes])
    ids, index = np.unique(np.concatenate([plane.ids for plane in planes]), return_inverse=True)
    values = (np.ones(len(depth)), depth * anisotropy, places[:, 0], places[:, 1])
    total, *sums = (
        np.bincount(index, weights=areas * value, minlength=len(ids)).astype(np.float64) for value in values
    )
    cut = np.concatenate([plane.at_border for plane in planes]) | (depth == 0) | (depth == len(planes) - 1)
    at_border = np.bincount(index, weights=cut, minlength=len(ids)) > 0
    return _plane(ids, total, sums, at_border, classes, anisotropy)


def _plane(
    ids: Ints,
    areas: Floats,
    sums: Sequence[Floats],
    at_border: NDArray[np.bool_],
    classes: Mapping[int, int] | None,
    anisotropy: float,
    elongations: Floats | None = None,
) -> Plane:
    known = classes or {}
    numbers = [known.get(label, 0) for label in ids.tolist()] if known else [0] * len(ids)
    return Plane(
        ids=ids,
        areas=areas.astype(np.int64),
        centroids=np.stack(sums, axis=1) / areas[:, None],
        classes=np.array(numbers, np.int64),
        at_border=at_border,
        elongations=np.zeros((len(ids), 2)) if elongations is None else elongations,
        anisotropy=anisotropy,
    )
