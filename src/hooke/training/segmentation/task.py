"""The kind of run that trains a network for instance segmentation: what `hooke.training.tasks` asks of it."""

from __future__ import annotations

from hooke.training.sanity_checks import fast_dev_run, overfit, preview
from hooke.training.segmentation.export import export_run
from hooke.training.segmentation.loop import Trained, train

__all__ = ["BY_HEART", "SCORE", "export", "fast_dev_run", "overfit", "preview", "train"]

SCORE = Trained.called
BY_HEART = 0.6
export = export_run
