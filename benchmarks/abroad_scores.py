"""Scores of one image, and of a source's images with the values that other samples of images would have given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hooke.metrics import DSB_THRESHOLDS, RESAMPLES, Counts, count_overlap, match, percentile_interval, resample_groups

#: Scores of a source, in the order of the tables.
SCORES = ("found_true", "recall", "precision", "f1", "diameter", "typical", "ap_50", "ap_75", "dsb")
MEANS = ("ap_50", "ap_75", "dsb")

Row = dict[str, Any]


def score(found: NDArray[np.integer], truth: NDArray[np.integer], kinds: Mapping[int, str], kind: str) -> Row:
    """Score one image.

    Parameters
    ----------
    found, truth : ndarray of integer, shape (Y, X)
    kinds : dict of int to str
        Kind of each true label; may be empty.
    kind : str
        Kind that counts; empty for all objects.

    Returns
    -------
    dict
        n_true, n_found; tp at IoU 0.5; ap_50, ap_75, dsb; ratios: found over true diameter of each matched pair;
        typical: median found diameter over median true diameter, None where one is missing.

    Notes
    -----
    A found object is of the kind of the true object that it matches. One without a match is of the kind that its area
    is nearer to: the limit is the geometric mean of both kinds' median areas in the image.
    """
    overlap = count_overlap(found, truth)
    is_true = np.array([not kind or kinds.get(int(label)) == kind for label in overlap.true_ids], bool)
    is_found = np.ones(overlap.n_pred, bool)
    if kind:
        is_found = _alike(overlap.pred_areas, overlap.true_areas, is_true)
    counts, ratios, of_kind = [], np.zeros(0), is_found
    for threshold in DSB_THRESHOLDS:
        pairs = match(overlap, threshold)
        true_at = np.searchsorted(overlap.true_ids, pairs.true_ids)
        found_at = np.searchsorted(overlap.pred_ids, pairs.pred_ids)
        here = is_found.copy()
        here[found_at] = is_true[true_at]
        tp = int(is_true[true_at].sum())
        counts.append(Counts(tp, int(here.sum()) - tp, int(is_true.sum()) - tp))
        if threshold == DSB_THRESHOLDS[0]:
            chosen = is_true[true_at]
            ratios = np.sqrt(overlap.pred_areas[found_at[chosen]] / overlap.true_areas[true_at[chosen]])
            of_kind = here
    ap = [one.jaccard for one in counts]
    typical = None
    if of_kind.any() and is_true.any():
        typical = float(np.sqrt(np.median(overlap.pred_areas[of_kind]) / np.median(overlap.true_areas[is_true])))
    return {
        "n_true": int(is_true.sum()),
        "n_found": int(of_kind.sum()),
        "tp": counts[0].tp,
        "ap_50": ap[0],
        "ap_75": ap[DSB_THRESHOLDS.index(0.75)],
        "dsb": float(np.mean(ap)),
        "ratios": [round(float(ratio), 4) for ratio in ratios],
        "typical": typical,
    }


def _alike(areas: NDArray[np.int64], true_areas: NDArray[np.int64], is_true: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Whether areas are nearer to those of one kind than to those of the others."""
    if not is_true.any() or is_true.all():
        return np.full(len(areas), bool(is_true.any()))
    this, other = float(np.median(true_areas[is_true])), float(np.median(true_areas[~is_true]))
    limit = np.sqrt(this * other)
    return np.asarray(areas <= limit if this < other else areas > limit)


def draw(images: int, seed: int = 0) -> NDArray[np.int64]:
    """How often each image counts: once in the first row, and as drawn with replacement in the others."""
    drawn = resample_groups([str(index) for index in range(images)], RESAMPLES, np.random.default_rng(seed))
    return np.vstack([np.ones((1, images), np.int64), drawn])


def sampled(rows: Sequence[Row], weights: NDArray[np.int64]) -> dict[str, NDArray[np.float64]]:
    """Scores of a source for each row of weights (see `draw`): pooled over objects, medians, and means over images.

    Parameters
    ----------
    rows : sequence of dict
        From `score`, one an image.
    weights : ndarray of int, shape (S, N)

    Returns
    -------
    dict of str to ndarray of float64, shape (S,)
        By the names in `SCORES`; NaN where there is nothing to count.
    """
    true, found, tp = (weights @ np.array([row[key] for row in rows], float) for key in ("n_true", "n_found", "tp"))
    with np.errstate(invalid="ignore", divide="ignore"):
        scores = {
            "found_true": found / true,
            "recall": tp / true,
            "precision": tp / found,
            "f1": 2 * tp / (true + found),
        }
    owner = np.repeat(np.arange(len(rows)), [len(row["ratios"]) for row in rows])
    scores["diameter"] = _medians(np.concatenate([row["ratios"] for row in rows]), weights[:, owner])
    seen = [index for index, row in enumerate(rows) if row["typical"] is not None]
    scores["typical"] = _medians(np.array([rows[index]["typical"] for index in seen], float), weights[:, seen])
    images = weights.sum(axis=1)
    for key in MEANS:
        scores[key] = weights @ np.array([row[key] for row in rows], float) / images
    return scores


def _medians(values: NDArray[np.float64], weights: NDArray[np.int64]) -> NDArray[np.float64]:
    """Weighted medians: the first value at which half of the weight is reached, or the middle of it and the next."""
    if not len(values):
        return np.full(len(weights), np.nan)
    order = np.argsort(values)
    values, total = values[order], np.cumsum(weights[:, order], axis=1)
    half = total[:, -1:] / 2
    low, high = np.argmax(total >= half, axis=1), np.argmax(total > half, axis=1)
    return np.where(total[:, -1] > 0, (values[low] + values[high]) / 2, np.nan)


def interval(values: NDArray[np.float64]) -> tuple[float, float] | None:
    """95 % interval of the resampled values, which follow the value itself; None where none were or all are equal."""
    drawn = values[1:][np.isfinite(values[1:])]
    return percentile_interval(drawn) if len(drawn) and np.ptp(drawn) > 0 else None


def mean_ranks(table: Mapping[str, Sequence[float]]) -> NDArray[np.float64]:
    """Mean over sources of each variant's rank by a score, 1 for the best; equal ones share the mean of their ranks.

    Examples
    --------
    >>> mean_ranks({"a": [0.5, 0.7, 0.7], "b": [0.3, 0.2, 0.1]}).tolist()
    [2.0, 1.75, 2.25]
    """
    ranks = []
    for values in table.values():
        array = np.nan_to_num(np.array(values, float), nan=-1.0)
        better = (array[None, :] > array[:, None]).sum(axis=1)
        ranks.append(better + ((array[None, :] == array[:, None]).sum(axis=1) + 1) / 2)
    return np.mean(ranks, axis=0)
