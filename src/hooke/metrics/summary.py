"""Averages and pools the scores of many images, also by group."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hooke.metrics.bootstrap import percentile_interval, resample_groups
from hooke.metrics.count_agreement import CountAgreement, count_agreement
from hooke.metrics.score import ERROR_COUNTS, count_image, score_counts, score_sizes

_COUNT_NAMES = tuple(count_image([], []))

Row = Mapping[str, Any]
Interval = tuple[float, float]


@dataclass(frozen=True)
class Summary:
    """Scores of a set of images.

    Parameters
    ----------
    images, n_true, n_pred : int
        Images, true objects and predicted objects in the set.
    mean : dict of str to float
        Each score averaged over images: every image weighs the same. The DSB score of a data set is ``mean["dsb"]``.
    pooled : dict of str to float
        Each score made from counts summed over images: every object (pixel for pixel scores) weighs the same.
    counting : CountAgreement
        Predicted against true numbers of objects per image.
    errors : dict of str to int
        Objects by kind of error: ``true_missed``, ``pred_spurious`` … (`ERROR_COUNTS`, `hooke.metrics.ERRORS`).
    by_size : dict of str to dict of str to float
        Pooled scores of small, medium and large objects, see `score_sizes`.
    groups : int
        Groups of images that the intervals are drawn from; images where no grouping is known.
    mean_interval, pooled_interval : dict of str to (float, float)
        95 % bootstrap interval of each score; empty if none was requested, or there is only one group.
    """

    images: int
    n_true: int
    n_pred: int
    mean: dict[str, float]
    pooled: dict[str, float]
    counting: CountAgreement
    errors: dict[str, int]
    by_size: dict[str, dict[str, float]]
    groups: int
    mean_interval: dict[str, Interval] = field(default_factory=dict)
    pooled_interval: dict[str, Interval] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Give the same as plain dictionaries, ready for JSON."""
        return asdict(self)


def aggregate(rows: Sequence[Row], *, group: str | None = None, resamples: int = 0, seed: int = 0) -> Summary:
    """Summarise the scores of a set of images.

    Parameters
    ----------
    rows : sequence of mapping
        One `score_image` result per image; other entries are ignored.
    group : str, optional
        The entry that says which images belong together, such as ``field_of_view``: intervals are drawn over groups.
        A row in which it is missing or empty is a group of its own, as is every row without this argument.
    resamples : int
        Data sets to draw for the intervals (1000 serve well); 0 for no intervals.
    seed : int
        Of the chance that draws them.

    Returns
    -------
    Summary

    Raises
    ------
    ValueError
        When there is no image.

    Examples
    --------
    >>> from hooke.metrics import score_image
    >>> all_found = score_image([[1, 0, 2]], [[1, 0, 2]])
    >>> missed = score_image([[0, 0]], [[1, 1]])
    >>> summary = aggregate([all_found, missed])
    >>> summary.mean["recall_50"], round(summary.pooled["recall_50"], 3)
    (0.5, 0.667)
    """
    if not rows:
        raise ValueError("there is no image to aggregate")
    counts = {name: np.array([row[name] for row in rows], np.float64) for name in _count_names(rows[0])}
    sums = {name: float(values.sum()) for name, values in counts.items()}
    pooled = score_counts(sums)
    scores = {name: np.array([row[name] for row in rows], np.float64) for name in pooled}
    groups = _groups(rows, group)
    mean_interval, pooled_interval = _intervals(counts, scores, groups, resamples, seed)
    return Summary(
        images=len(rows),
        n_true=int(sums["n_true"]),
        n_pred=int(sums["n_pred"]),
        mean={name: float(values.mean()) for name, values in scores.items()},
        pooled=pooled,
        counting=count_agreement(counts["n_pred"], counts["n_true"]),
        errors={name: int(sums[name]) for name in ERROR_COUNTS},
        by_size=score_sizes(sums),
        groups=len(set(groups)),
        mean_interval=mean_interval,
        pooled_interval=pooled_interval,
    )


def aggregate_by(
    rows: Sequence[Row], column: str, *, group: str | None = None, resamples: int = 0, seed: int = 0
) -> dict[str, Summary]:
    """Summarise the scores of each group of images apart.

    Parameters
    ----------
    rows : sequence of mapping
        One `score_image` result per image, with an entry `column` that names its group, such as ``modality``.
    column : str
        The entry to group by.
    group, resamples, seed : str, int, int
        As in `aggregate`.

    Returns
    -------
    dict of str to Summary
        In alphabetical order of the groups.
    """
    parts: dict[str, list[Row]] = {}
    for row in rows:
        parts.setdefault(str(row[column]), []).append(row)
    return {name: aggregate(parts[name], group=group, resamples=resamples, seed=seed) for name in sorted(parts)}


def _count_names(row: Row) -> list[str]:
    """Names of counts: the fixed ones, and those at further IoU thresholds."""
    further = [name for name in row if name.startswith(("tp_", "fp_", "fn_"))]
    return list(dict.fromkeys((*_COUNT_NAMES, *further)))


def _groups(rows: Sequence[Row], group: str | None) -> list[str]:
    """Name the group of each row, one of its own where none is known."""
    named = [str(row.get(group, "")) if group else "" for row in rows]
    return [f"group {name}" if name else f"image {index}" for index, name in enumerate(named)]


def _intervals(
    counts: Mapping[str, NDArray[np.float64]],
    scores: Mapping[str, NDArray[np.float64]],
    groups: Sequence[str],
    resamples: int,
    seed: int,
) -> tuple[dict[str, Interval], dict[str, Interval]]:
    """95 % intervals of the mean and of the pooled scores."""
    if not resamples or len(set(groups)) < 2:  # of one group nothing can be drawn but itself
        return {}, {}
    weights = resample_groups(groups, resamples, np.random.default_rng(seed))
    images = weights.sum(axis=1)
    means = {name: weights @ values / images for name, values in scores.items()}
    sums = np.stack([weights @ values for values in counts.values()], axis=1)
    drawn = [score_counts(dict(zip(counts, row, strict=True))) for row in sums.tolist()]
    pooled = {name: np.array([resampled[name] for resampled in drawn]) for name in scores}
    return _each_interval(means), _each_interval(pooled)


def _each_interval(drawn: Mapping[str, NDArray[np.float64]]) -> dict[str, Interval]:
    return {name: percentile_interval(values) for name, values in drawn.items()}
