"""Score a set of predicted label images against their truth, as tables and a summary.

Images are paired by name. One that can't be scored is reported and the rest go on.
"""

from __future__ import annotations

from hooke.evaluation.compare import compare_runs
from hooke.evaluation.detection import Detection, DetectionSummary, evaluate_points
from hooke.evaluation.result import OBJECT_COLUMNS, STATUSES, Evaluation
from hooke.evaluation.runs import Run, read_run, read_runs
from hooke.evaluation.scoring import evaluate

__all__ = [
    "OBJECT_COLUMNS",
    "STATUSES",
    "Detection",
    "DetectionSummary",
    "Evaluation",
    "Run",
    "compare_runs",
    "evaluate",
    "evaluate_points",
    "read_run",
    "read_runs",
]
