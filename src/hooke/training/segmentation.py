"""The kind of run that trains a network for instance segmentation: what `hooke.training.kinds` asks of it."""

from __future__ import annotations

from hooke.training.export import export_run
from hooke.training.loop import Trained, train
from hooke.training.trial import fast_dev_run, overfit, preview

__all__ = ["BY_HEART", "SCORE", "export", "fast_dev_run", "overfit", "preview", "train"]

SCORE = Trained.called
BY_HEART = 0.6
export = export_run
