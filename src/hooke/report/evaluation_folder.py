"""Evaluate predictions and write tables, scores and the report to a folder: what `hooke evaluate` does."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

from hooke import evaluation
from hooke.evaluation import Detection, Evaluation
from hooke.evaluation.saved_evaluation import read_runs
from hooke.io.lock import only_run
from hooke.metrics import RESAMPLES
from hooke.report.classification import write_classification
from hooke.report.html import write_report


def evaluate(
    pred: str | Path,
    truth: str | Path,
    *,
    split: str | None = None,
    through: str | None = None,
    out: str | Path | None = None,
    against: Sequence[str | Path] = (),
    by: Sequence[str] = (),
    threshold: float = 0.5,
    ignore_classes: Collection[str] = (),
    split_components: bool | None = None,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Evaluation:
    """Score predicted label images against true ones, and write what was found to a folder.

    Parameters
    ----------
    pred, truth, split, through, by, threshold, ignore_classes, split_components, resamples, seed
        As `hooke.evaluation.evaluate` takes them.
    out : str or Path, optional
        Folder for ``report.html``, ``scores.json``, ``per_image.csv`` and ``per_object.csv``, and ``classes/`` where
        classes are known.
    against : sequence of str or Path
        Folders of earlier evaluations whose AP the report shows too.

    Returns
    -------
    Evaluation

    Raises
    ------
    HookeError
        As `hooke.evaluation.evaluate` does, and when another run writes to the folder.

    Examples
    --------
    >>> hooke.evaluate("out", "dsb2018", split="test", out="scores").overall.mean["dsb"]  # doctest: +SKIP
    0.61
    """
    earlier = read_runs(against)
    with _alone_in(out):
        result = evaluation.evaluate(
            pred,
            truth,
            split=split,
            through=through,
            out=out,
            by=by,
            threshold=threshold,
            ignore_classes=ignore_classes,
            split_components=split_components,
            resamples=resamples,
            seed=seed,
        )
        if out is not None:
            write_report(result, Path(out) / "report.html", earlier)
            _write_classes(result, Path(out))
    return result


def evaluate_points(
    pred: str | Path,
    truth: str | Path,
    *,
    split: str | None = None,
    out: str | Path | None = None,
    by: Sequence[str] = (),
    max_distance: float | None = None,
    ignore_classes: Collection[str] = (),
    split_components: bool | None = None,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Detection:
    """Score detected points against true objects, and write what was found to a folder.

    Parameters
    ----------
    pred, truth, split, by, max_distance, ignore_classes, split_components, resamples, seed
        As `hooke.evaluation.evaluate_points` takes them.
    out : str or Path, optional
        Folder for ``detection.json`` and ``detection_per_image.csv``, and ``classes/`` where classes are known.

    Returns
    -------
    Detection

    Raises
    ------
    HookeError
        As `hooke.evaluation.evaluate_points` does, and when another run writes to the folder.
    """
    with _alone_in(out):
        result = evaluation.evaluate_points(
            pred,
            truth,
            split=split,
            out=out,
            by=by,
            max_distance=max_distance,
            ignore_classes=ignore_classes,
            split_components=split_components,
            resamples=resamples,
            seed=seed,
        )
        if out is not None:
            _write_classes(result, Path(out))
    return result


def _alone_in(out: str | Path | None) -> AbstractContextManager[None]:
    return nullcontext() if out is None else only_run(out)


def _write_classes(result: Evaluation | Detection, out: Path) -> None:
    """Write confusion matrix, scores by class and curves, where classes are known."""
    if result.classification is not None:
        write_classification(result.classification, out / "classes")
