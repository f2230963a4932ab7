"""Make the rows of `Evaluation.per_object`: one per true and per predicted object of an image."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hooke.evaluation.result import OBJECT_COLUMNS
from hooke.labels.classes import UNKNOWN
from hooke.labels.labelled_image import LabelledImage
from hooke.metrics import SIZES, Comparison, Objects, hausdorff_distance, size_classes


def object_table(name: str, comparison: Comparison, pred: LabelledImage, truth: LabelledImage) -> pd.DataFrame:
    """List the objects of an image, the true ones first, each kind by label.

    Parameters
    ----------
    name : str
        Of the image.
    comparison : Comparison
        Of the two label images.
    pred, truth : LabelledImage
        The label images, with what is known of their objects.

    Returns
    -------
    DataFrame
        With `OBJECT_COLUMNS`.
    """
    overlap, matching = comparison.overlap, comparison.matching
    pairs = {
        "matched_iou": matching.iou,
        "boundary_f": comparison.boundary.f,
        "hausdorff_95": hausdorff_distance(_plane(pred.labels), _plane(truth.labels), matching),
    }
    best_true = (overlap.pair_true, overlap.pair_pred, overlap.pred_ids, overlap.iou)
    best_pred = (overlap.pair_pred, overlap.pair_true, overlap.true_ids, overlap.iou)
    true = {
        "kind": "true",
        "class": _texts(truth.classes, overlap.true_ids),
        "score": np.nan,
        "outcome": comparison.outcomes.true,
        **_partners(overlap.true_ids, matching.true_ids, {"matched_label": matching.pred_ids, **pairs}),
        **_best(overlap.n_true, *best_true),
        **_places(comparison.true),
    }
    found = {
        "kind": "pred",
        "class": _texts(pred.classes, overlap.pred_ids),
        "score": scores_of(pred, overlap.pred_ids),
        "outcome": comparison.outcomes.pred,
        **_partners(overlap.pred_ids, matching.pred_ids, {"matched_label": matching.true_ids, **pairs}),
        **_best(overlap.n_pred, *best_pred),
        **_places(comparison.pred),
    }
    table = pd.concat([pd.DataFrame(true), pd.DataFrame(found)], ignore_index=True)
    table["image"] = name
    return table[list(OBJECT_COLUMNS)]


def scores_of(image: LabelledImage, ids: NDArray[np.int64]) -> NDArray[np.float64]:
    """Confidence of each object, NaN where unknown."""
    return np.array([image.scores.get(label, np.nan) for label in ids.tolist()], np.float64)


def classes_of(image: LabelledImage, ids: NDArray[np.int64]) -> NDArray[np.str_]:
    """Class of each object, ``unknown`` where it is."""
    return np.array([image.classes.get(label) or UNKNOWN for label in ids.tolist()], dtype=np.str_)


def _texts(classes: Mapping[int, str], ids: NDArray[np.int64]) -> list[str]:
    return [classes.get(label, "") for label in ids.tolist()]


def _partners(
    ids: NDArray[np.int64], matched: NDArray[np.int64], of_pairs: Mapping[str, NDArray[Any]]
) -> dict[str, NDArray[Any]]:
    """Spread what is known of pairs over the objects; 0, or NaN for lengths and outlines, where there is no partner."""
    places = np.searchsorted(ids, matched)
    columns: dict[str, NDArray[Any]] = {}
    for name, values in of_pairs.items():
        column = np.full(len(ids), np.nan if name in ("boundary_f", "hausdorff_95") else 0, values.dtype)
        column[places] = values
        columns[name] = column
    return columns


def _best(
    count: int,
    objects: NDArray[np.int64],
    others: NDArray[np.int64],
    other_ids: NDArray[np.int64],
    iou: NDArray[np.float64],
) -> dict[str, NDArray[Any]]:
    """The object of the other image with the largest IoU; 0 where nothing overlaps."""
    label, best = np.zeros(count, np.int64), np.zeros(count)
    order = np.argsort(iou, kind="stable")  # of several values for one place the last one stays
    label[objects[order]] = other_ids[others[order]]
    best[objects[order]] = iou[order]
    return {"best_label": label, "best_iou": best}


def _places(objects: Objects) -> dict[str, Any]:
    return {
        "label": objects.ids,
        "area": objects.areas,
        "size": np.array(SIZES)[size_classes(objects.areas)],
        "centroid_y": objects.centroids[:, 0],
        "centroid_x": objects.centroids[:, 1],
        "touches_border": objects.touches_border,
        "touches_object": objects.touches_object,
    }


def _plane(labels: NDArray[np.int32]) -> NDArray[np.int32]:
    return labels if labels.ndim == 2 else labels.reshape(-1, labels.shape[-1])
