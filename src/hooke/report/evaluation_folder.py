"""Evaluate predictions and write tables, scores and the report to a folder: what `hooke evaluate` does."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import ParamSpec, TypeVar, cast

from hooke import evaluation
from hooke.evaluation import Detection, Evaluation
from hooke.io.lock import only_run
from hooke.report.classification import write_classification
from hooke.report.html import write_report

_Arguments = ParamSpec("_Arguments")
_Result = TypeVar("_Result", Evaluation, Detection)


def _with_pages(
    score: Callable[_Arguments, _Result], write: Callable[[_Result, Path], None]
) -> Callable[_Arguments, _Result]:
    """Let a function that scores also write pages to its `out`, where only one run writes at a time."""

    @wraps(score)
    def score_and_write(*args: _Arguments.args, **options: _Arguments.kwargs) -> _Result:
        out = cast("str | Path | None", options.get("out"))
        if out is None:
            return score(*args, **options)
        with only_run(out):
            result = score(*args, **options)
            write(result, Path(out))
        return result

    return score_and_write


def _write_pages(result: Evaluation, out: Path) -> None:
    write_report(result, out / "report.html")
    _write_classes(result, out)


def _write_classes(result: Evaluation | Detection, out: Path) -> None:
    """Write confusion matrix, scores by class and curves, where classes are known."""
    if result.classification is not None:
        write_classification(result.classification, out / "classes")


evaluate = _with_pages(evaluation.evaluate, _write_pages)
evaluate_points = _with_pages(evaluation.evaluate_points, _write_classes)
