"""The kind of run that trains a network that is asked about places: what `hooke.training.tasks` asks of it."""

from __future__ import annotations

from functools import partial

from hooke.training.coordinate.export import export_run
from hooke.training.coordinate.loop import Trained, train
from hooke.training.sanity_checks import fast_dev_run as _fast_dev_run
from hooke.training.sanity_checks import overfit as _overfit

__all__ = ["BY_HEART", "SCORE", "export", "fast_dev_run", "overfit", "train"]

SCORE = Trained.called
BY_HEART = 0.6
export = export_run
overfit = partial(_overfit, train=train, plain={"photometric": 0.0, "zoom": 1.0})
fast_dev_run = partial(_fast_dev_run, train=train)
