"""Training of networks: data and configuration, networks, losses, augmentation, the loop, export to a model bundle.

This is the only room that imports PyTorch, and its names are imported when they are first used.
"""

from __future__ import annotations

import importlib
from typing import Any

# The module of each public name.
_HOMES = {
    "ClassifierConfig": "classifier.config",
    "CoordinateConfig": "coordinate.config",
    "PretrainConfig": "pretraining.config",
    "SampleStore": "samples",
    "TrainConfig": "segmentation.config",
    "explain_run": "explain",
    "export": "tasks",
    "fast_dev_run": "sanity_checks",
    "list_records": "samples",
    "load_config": "config",
    "load_pretrain_config": "pretraining.config",
    "load_run": "tasks",
    "overfit": "sanity_checks",
    "predict_sample": "segmentation.module",
    "pretrain": "pretraining.loop",
    "train": "tasks",
    "write_explanations": "explain",
}

__all__ = list(_HOMES)


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(importlib.import_module(f"hooke.training.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'hooke.training' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
