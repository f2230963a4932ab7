"""Scores of many images: a dictionary per image in; their means and the pooled scores out, also group by group."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from hooke.metrics.score import count_image, score_counts

__all__ = ["Summary", "aggregate", "aggregate_by"]

_EMPTY_IMAGE = count_image([], [])
_COUNT_NAMES = tuple(_EMPTY_IMAGE)
_SCORE_NAMES = tuple(score_counts(_EMPTY_IMAGE))


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
    """

    images: int
    n_true: int
    n_pred: int
    mean: dict[str, float]
    pooled: dict[str, float]

    def to_dict(self) -> dict[str, Any]:
        """Give the same as plain dictionaries, ready for JSON."""
        return asdict(self)


def aggregate(rows: Sequence[Mapping[str, Any]]) -> Summary:
    """Summarise the scores of a set of images.

    Parameters
    ----------
    rows : sequence of mapping
        One `score_image` result per image; other entries are ignored.

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
    sums = {name: sum(row[name] for row in rows) for name in _COUNT_NAMES}
    return Summary(
        images=len(rows),
        n_true=int(sums["n_true"]),
        n_pred=int(sums["n_pred"]),
        mean={name: float(sum(row[name] for row in rows) / len(rows)) for name in _SCORE_NAMES},
        pooled=score_counts(sums),
    )


def aggregate_by(rows: Sequence[Mapping[str, Any]], column: str) -> dict[str, Summary]:
    """Summarise the scores of each group of images apart.

    Parameters
    ----------
    rows : sequence of mapping
        One `score_image` result per image, with an entry `column` that names its group, such as ``modality``.
    column : str
        The entry to group by.

    Returns
    -------
    dict of str to Summary
        In alphabetical order of the groups.
    """
    groups: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows:
        groups.setdefault(str(row[column]), []).append(row)
    return {name: aggregate(groups[name]) for name in sorted(groups)}
