"""Relates objects to those of another label image that hold them: nuclei to cells, micronuclei to nuclei."""

from __future__ import annotations

import cv2
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hooke.labels.expansion import FARTHEST, expand_labels
from hooke.labels.overlap import count_overlap
from hooke.labels.runs import find_runs

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def relate_objects(
    labels: NDArray[np.int32], parents: NDArray[np.int32], *, pixel_size_um: tuple[float, float] | None = None
) -> pd.DataFrame:
    """Find the parent of every object: the object of another label image that holds most of its pixels.

    Parameters
    ----------
    labels, parents : ndarray of int32, shape (Y, X)
        0 is background.
    pixel_size_um : (float, float), optional
        Pixel height and width in micrometres.

    Returns
    -------
    DataFrame
        A row per object of `labels`, in the order of increasing id: ``parent`` (the id in `parents`; of two that hold
        as much, the lower; 0 where none holds a pixel), ``parent_share`` (share of the object's pixels in it),
        ``nearest_parent`` (the parent, or where there is none the nearest object of `parents`; 0 beyond 1000 pixels)
        and ``parent_distance`` (pixels between the nearest two pixels of the object and its nearest parent, 0 within
        it; NaN where there is none); with square pixels of a known size also ``parent_distance_um``.

    Raises
    ------
    ValueError
        When the shapes differ.

    Examples
    --------
    >>> relate_objects(np.array([[1, 1, 0, 0, 2]], np.int32), np.array([[0, 7, 7, 0, 0]], np.int32)).values.tolist()
    [[7.0, 0.5, 7.0, 0.0], [0.0, 0.0, 7.0, 2.0]]
    """
    overlap = count_overlap(labels, parents)
    parent, share = np.zeros(overlap.n_pred, np.int64), np.zeros(overlap.n_pred)
    # Pairs are sorted by parent: the last one written is the one that holds most, of equal ones the first.
    order = np.lexsort((-overlap.pair_true, overlap.intersection))
    child = overlap.pair_pred[order]
    parent[child] = overlap.true_ids[overlap.pair_true[order]]
    share[child] = overlap.intersection[order] / overlap.pred_areas[child]
    nearest, distance = _nearest(labels, parents, overlap.pred_ids)
    held = parent > 0
    table = pd.DataFrame(
        {
            "parent": parent,
            "parent_share": share,
            "nearest_parent": np.where(held, parent, nearest),
            "parent_distance": np.where(held, 0.0, distance),
        }
    )
    if pixel_size_um is not None and pixel_size_um[0] == pixel_size_um[1]:
        table["parent_distance_um"] = table["parent_distance"] * pixel_size_um[0]
    return table


def drop_covered(parents: NDArray[np.int32], labels: NDArray[np.int32], most: float) -> NDArray[np.int32]:
    """Leave out parents that are objects themselves: those that the objects cover by more than a share.

    Parameters
    ----------
    parents, labels : ndarray of int32, shape (Y, X)
    most : float
        Share of a parent's pixels that objects may cover, 0 to 1.

    Returns
    -------
    ndarray of int32, shape (Y, X)
        `parents` itself where none is left out.
    """
    if most >= 1:
        return parents
    overlap = count_overlap((labels > 0).astype(np.int32), parents)
    out = overlap.true_ids[overlap.pair_true[overlap.intersection > most * overlap.true_areas[overlap.pair_true]]]
    return np.where(np.isin(parents, out), 0, parents) if len(out) else parents


def count_children(parents: NDArray[np.int32], related: pd.DataFrame) -> pd.DataFrame:
    """Count the objects of every parent.

    Parameters
    ----------
    parents : ndarray of int32, shape (Y, X)
    related : DataFrame
        From `relate_objects`, with a column ``area`` of the objects.

    Returns
    -------
    DataFrame
        A row per object of `parents`, in the order of increasing id: ``label``, ``area`` (pixels), ``children``
        (objects whose parent it is), ``children_area`` (their pixels, those outside it too) and ``children_nearest``
        (objects whose nearest parent it is, children included).
    """
    runs = find_runs(parents)
    held = related.groupby("parent")["area"].agg(["size", "sum"]).reindex(runs.ids, fill_value=0)
    near = related.groupby("nearest_parent").size().reindex(runs.ids, fill_value=0)
    return pd.DataFrame(
        {
            "label": runs.ids,
            "area": runs.sum(runs.length).astype(np.int64),
            "children": held["size"].to_numpy(np.int64),
            "children_area": held["sum"].to_numpy(np.int64),
            "children_nearest": near.to_numpy(np.int64),
        }
    )


def _nearest(labels: NDArray[np.int32], parents: NDArray[np.int32], ids: Ints) -> tuple[Ints, Floats]:
    """The parent nearest to each object, and the distance of their nearest pixels."""
    nearest, distance = np.zeros(len(ids), np.int64), np.full(len(ids), np.nan)
    if not len(ids) or not parents.any():
        return nearest, distance
    away = cv2.distanceTransform((parents == 0).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    at = np.flatnonzero(labels)
    owner, steps = np.searchsorted(ids, labels.ravel()[at]), np.asarray(away, np.float64).ravel()[at]
    first = np.lexsort((at, steps, owner))
    first = first[np.unique(owner[first], return_index=True)[1]]
    place, closest = at[first], steps[first]
    reached = closest <= FARTHEST
    if reached.any():
        # No further than is needed, for that takes time.
        grown = expand_labels(parents, float(np.ceil(closest[reached].max())))
        nearest[reached] = grown.ravel()[place[reached]]
        distance[reached] = closest[reached]
    return nearest, distance
