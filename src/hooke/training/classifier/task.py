"""The task `classifier`: name the class of an object or of a whole image."""

from __future__ import annotations

from hooke.training.classifier.explain import find_subjects
from hooke.training.classifier.export import export_run, load_run
from hooke.training.classifier.loop import Trained, train
from hooke.training.tasks import Task

TASK = Task(
    name="classifier",
    score_name=Trained.score_name,
    overfit_score=0.9,
    train=train,
    export=export_run,
    load=load_run,
    subjects=find_subjects,
    plain={"photometric": 0.0, "zoom": 1.0, "shift": 0.0, "gain": 0.0},
)
