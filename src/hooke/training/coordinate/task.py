"""The task `coordinate`: a network that is queried at (x, y) positions."""

from __future__ import annotations

from hooke.training.coordinate.explain import find_subjects
from hooke.training.coordinate.export import export_run, load_run
from hooke.training.coordinate.loop import Trained, train
from hooke.training.tasks import Task

TASK = Task(
    name="coordinate",
    score_name=Trained.score_name,
    overfit_score=0.6,
    train=train,
    export=export_run,
    load=load_run,
    subjects=find_subjects,
    plain={"photometric": 0.0, "zoom": 1.0},
)
