"""Compare saved evaluations of the same images, to see whether one run is better than another.

The test is the paired bootstrap: the same image scored by two methods gives one difference, and data sets are drawn
from the groups of images (fields of view) that belong together, as for `Evaluation`'s intervals.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hooke.errors import DatasetError
from hooke.evaluation.result import NOTHING
from hooke.evaluation.saved_evaluation import Run
from hooke.evaluation.scored_images import group_column
from hooke.io import atomic_path
from hooke.metrics import percentile_interval, resample_groups

#: Scores that are compared: their names in `hooke.metrics.score_counts`, and their titles.
COMPARED = {
    "dsb": "DSB score",
    "ap_50": "AP at IoU 0.5",
    "ap_75": "AP at IoU 0.75",
    "ap_90": "AP at IoU 0.9",
    "f1_50": "F1 at IoU 0.5",
    "pq": "PQ",
    "aji": "AJI",
    "aji_plus": "AJI+",
    "boundary_f": "boundary F",
    "pixel_iou": "pixel IoU",
    "pixel_dice": "pixel Dice",
}
ALL = "all"
#: Of fewer groups no test is made: even when all of five differ the same way, chance does so in 1 of 16 cases.
MIN_GROUPS = 6
RESAMPLES = 2000


@dataclass(frozen=True, eq=False)
class RunComparison:
    """Runs side by side, on the images that all of them scored.

    Parameters
    ----------
    runs : tuple of str
        Their names; the first is the one that the others are compared with.
    images : int
        Images in all of them.
    left_out : dict of str to tuple of str
        By run, the images that it scored and another did not.
    means : DataFrame
        A row per part and score, a column per run: the mean over images. Columns ``part``, ``images``, ``groups``,
        ``score`` come first; ``part`` is ``all`` or a modality.
    empty : dict of str to tuple of str
        By run, images among them that were scored as if nothing had been found: without a prediction, or a bad one.
    differences : DataFrame
        A row per part, score and run but the first: ``part``, ``images``, ``groups``, ``score``, ``run``,
        ``difference`` (its mean minus the first run's), ``low`` and ``high`` (95 % interval), ``p`` (two-sided).
        The last three are NaN below `MIN_GROUPS` groups.
    """

    runs: tuple[str, ...]
    images: int
    left_out: dict[str, tuple[str, ...]]
    means: pd.DataFrame
    differences: pd.DataFrame
    empty: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def save(self, path: str | Path) -> None:
        """Write the differences as csv.

        Raises
        ------
        OutputError
            When it can't be written.
        """
        with atomic_path(path) as temporary:
            self.differences.to_csv(temporary, index=False, float_format="%.8g")


def compare_runs(runs: Sequence[Run], *, resamples: int = RESAMPLES, seed: int = 0) -> RunComparison:
    """Compare runs with the first of them.

    The p-value is twice the smaller share of drawn data sets in which the difference is not over, or not under, zero
    (Davison and Hinkley 1997, "Bootstrap methods and their application", sections 4.4 and 5.2; one is added to count
    and number drawn, so that it is never 0). It is not adjusted for the number of comparisons.

    Parameters
    ----------
    runs : sequence of Run
        Two or more, with names that differ.
    resamples : int
        Data sets to draw.
    seed : int
        Of the chance that draws them.

    Returns
    -------
    RunComparison

    Raises
    ------
    DatasetError
        When there are fewer than two runs, they have no image in common, or they were scored against different truths.
    """
    if len(runs) < 2:
        raise DatasetError("one run alone can't be compared", remedy="name two or more")
    tables, left_out = _common(runs)
    scores = [score for score in COMPARED if all(score in table for table in tables)]
    for run, table in zip(runs, tables, strict=True):
        odd = [score for score in scores if not pd.api.types.is_numeric_dtype(table[score])]
        if odd:
            raise DatasetError(
                f"{run.name}: column {odd[0]!r} holds other things than numbers", remedy="evaluate again"
            )
    first = tables[0]
    means, differences = [], []
    for part, chosen in _parts(first).items():
        rows = [table[chosen] for table in tables]
        groups = _groups(rows[0], runs[0].index_columns)
        facts: dict[str, Any] = {"part": part, "images": len(rows[0]), "groups": len(set(groups))}
        rng = np.random.default_rng(seed)  # for each part, so that its figures don't depend on the other parts
        weights = resample_groups(groups, resamples, rng) if facts["groups"] >= MIN_GROUPS else None
        for score in scores:
            values = [row[score].to_numpy(np.float64) for row in rows]
            means.append({**facts, "score": score, **_by_run(runs, values)})
            for run, other in zip(runs[1:], values[1:], strict=True):
                test = _test(other - values[0], weights)
                differences.append({**facts, "score": score, "run": run.name, **test})
    names = tuple(run.name for run in runs)
    empty = {name: _scored_as_empty(table) for name, table in zip(names, tables, strict=True)}
    return RunComparison(names, len(first), left_out, pd.DataFrame(means), pd.DataFrame(differences), empty)


def _common(runs: Sequence[Run]) -> tuple[list[pd.DataFrame], dict[str, tuple[str, ...]]]:
    """Tables of the images that all runs scored, in one order; and what each has beyond them."""
    scored = [run.per_image.dropna(subset=["dsb"]).set_index("image") for run in runs]
    shared = [name for name in scored[0].index if all(name in table.index for table in scored[1:])]
    if not shared:
        raise DatasetError("the runs have no image in common", remedy="evaluate the same images by each method")
    kept = set(shared)
    left_out = {
        run.name: tuple(name for name in table.index if name not in kept)
        for run, table in zip(runs, scored, strict=True)
    }
    tables = [table.loc[shared] for table in scored]
    for run, table in zip(runs[1:], tables[1:], strict=True):
        differing = np.flatnonzero(_other_truth(table, tables[0]))
        if differing.size:
            cause = f"{runs[0].name} and {run.name} have different true objects in {shared[differing[0]]}"
            raise DatasetError(cause, remedy="evaluate both against the same truth")
    return tables, left_out


def _other_truth(one: pd.DataFrame, other: pd.DataFrame) -> NDArray[np.bool_]:
    """Of which images the truths differ: in the number of objects, of all pixels, or of those of objects."""
    differ = one["n_true"] != other["n_true"]
    if {"pixels", "pixel_tp", "pixel_fn"}.issubset(one.columns.intersection(other.columns)):
        differ |= one["pixels"] != other["pixels"]
        differ |= one["pixel_tp"] + one["pixel_fn"] != other["pixel_tp"] + other["pixel_fn"]
    return differ.to_numpy()


def _scored_as_empty(table: pd.DataFrame) -> tuple[str, ...]:
    """Images without a prediction that could be used."""
    return tuple(table.index[table["status"].isin(NOTHING)])


def _parts(table: pd.DataFrame) -> dict[str, NDArray[np.bool_]]:
    """Which rows belong to all, and to each modality where there are several."""
    parts = {ALL: np.ones(len(table), np.bool_)}
    if "modality" in table and table["modality"].nunique() > 1:
        modality = table["modality"].to_numpy()
        parts |= {str(name): modality == name for name in sorted(set(modality.tolist()))}
    return parts


def _groups(table: pd.DataFrame, columns: Sequence[str]) -> list[str]:
    """The group of each image; each is its own where none is known."""
    column = group_column(columns)
    if column is None:
        return [str(name) for name in table.index]
    known = zip(table.index, table[column].tolist(), strict=True)
    return [f"group {group}" if group else f"image {name}" for name, group in known]


def _by_run(runs: Sequence[Run], values: Sequence[NDArray[np.float64]]) -> dict[str, float]:
    return {run.name: float(value.mean()) for run, value in zip(runs, values, strict=True)}


def _test(difference: NDArray[np.float64], weights: NDArray[np.int64] | None) -> dict[str, float]:
    """Mean difference, its interval and p."""
    mean = float(difference.mean())
    if weights is None:
        return {"difference": mean, "low": float("nan"), "high": float("nan"), "p": float("nan")}
    drawn = (weights @ difference) / weights.sum(axis=1)
    low, high = percentile_interval(drawn)
    tails = [(1 + int((side >= 0).sum())) / (1 + len(drawn)) for side in (drawn, -drawn)]
    return {"difference": mean, "low": low, "high": high, "p": min(1.0, 2 * min(tails))}
