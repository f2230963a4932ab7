"""Finds the objects of a label image: area, box, centre, and what each touches."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hooke.labels.runs import find_runs

SIZES = ("small", "medium", "large")
#: Areas in pixels from which an object is medium and from which it is large: those of LIVECell's evaluation
#: (Edlund et al. 2021, "LIVECell: a large-scale dataset for label-free live cell segmentation"), 18² and 31².
SIZE_EDGES = (18**2, 31**2)


@dataclass(frozen=True, eq=False)
class Objects:
    """Every object of a label image, by increasing label.

    Parameters
    ----------
    ids, areas : ndarray of int64, shape (N,)
        Labels, and areas in pixels.
    boxes : ndarray of int64, shape (N, 4)
        Top, left, bottom, right; half-open.
    centroids : ndarray of float64, shape (N, 2)
        Mean (y, x) of an object's pixels; it may lie outside a curved object.
    touches_border, touches_object : ndarray of bool, shape (N,)
        Whether a pixel lies at the image's edge; whether one of its eight neighbours belongs to another object.
    """

    ids: NDArray[np.int64]
    areas: NDArray[np.int64]
    boxes: NDArray[np.int64]
    centroids: NDArray[np.float64]
    touches_border: NDArray[np.bool_]
    touches_object: NDArray[np.bool_]


def find_objects(labels: NDArray[np.integer]) -> Objects:
    """Find where the objects of a label image lie.

    Parameters
    ----------
    labels : ndarray of integer, shape (Y, X)
        0 is background, every other value one object, in however many pieces.

    Returns
    -------
    Objects

    Examples
    --------
    >>> objects = find_objects(np.array([[0, 7, 7], [0, 7, 7]]))
    >>> objects.areas.tolist(), objects.boxes.tolist(), objects.centroids.tolist()
    ([4], [[0, 1, 2, 3]], [[0.5, 1.5]])
    """
    runs = find_runs(labels)
    areas = runs.sum(runs.length)
    return Objects(
        ids=runs.ids,
        areas=areas.astype(np.int64),
        boxes=np.ascontiguousarray(runs.boxes.T),
        centroids=np.stack(runs.sums, axis=1) / areas[:, None],
        touches_border=runs.at_border(labels.shape),
        touches_object=np.isin(runs.ids, _touching(labels)),
    )


def size_classes(areas: NDArray[np.integer]) -> NDArray[np.int64]:
    """Give the position in `SIZES` of each area; one equal to an edge belongs to the larger class.

    Parameters
    ----------
    areas : ndarray of integer, shape (N,)
        Pixels.

    Returns
    -------
    ndarray of int64, shape (N,)
    """
    classes: NDArray[np.int64] = np.digitize(areas, SIZE_EDGES)
    return classes


def _touching(labels: NDArray[np.integer]) -> NDArray[np.integer]:
    """Labels of the objects that have another among their eight neighbours."""
    found = []
    for here, there in (
        (labels[:, 1:], labels[:, :-1]),
        (labels[1:], labels[:-1]),
        (labels[1:, 1:], labels[:-1, :-1]),
        (labels[1:, :-1], labels[:-1, 1:]),
    ):
        at = np.flatnonzero((here != there) & (here > 0) & (there > 0))
        row, column = np.divmod(at, max(here.shape[1], 1))
        found += [np.unique(here[row, column]), np.unique(there[row, column])]
    return np.unique(np.concatenate(found))
