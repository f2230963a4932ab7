"""Quick checks before a long run: does the configuration run at all, and can the network overfit a few images."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from hooke.training.tasks import load_task

# Two cores should finish this in two minutes, with loading and validation.
_STEPS = 300
_EVERY = 75
_CROP = 128
_MINUTES = 1.5


def overfit(config: Any, count: int, run: Path) -> float:
    """Train on a few images, unchanged in intensity, and validate on the same images.

    Parameters
    ----------
    config : configuration of any task
    count : int
        Images.
    run : Path
        Folder to work in.

    Returns
    -------
    float
        Validation score on these images: near 1 when data, labels and configuration fit together.
    """
    task = load_task(config.kind)
    datasets = [dataset.model_copy(update={"val": dataset.train}) for dataset in config.datasets]
    augment = config.augment.model_copy(update=dict(task.plain))
    if hasattr(augment, "crop"):
        augment = augment.model_copy(update={"crop": min(augment.crop, _CROP)})
    changes = {
        "datasets": datasets,
        "augment": augment,
        "steps": _STEPS,
        "workers": 0,
        "validate_every": _EVERY,
        "max_minutes": _MINUTES,
        "warmup": _STEPS // 10,
        "ema": 0.0,
        "patience": 0,
    }
    run.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=run) as folder:
        return task.train(config.model_copy(update=changes), Path(folder), limit=count).score or 0.0


def fast_dev_run(config: Any) -> float:
    """Train two steps on a few images, validate, and leave nothing behind.

    Parameters
    ----------
    config : configuration of any task

    Returns
    -------
    float
        Validation score, which means nothing after two steps.
    """
    changes = {"steps": 2, "batch": 2, "validate_every": 2, "warmup": 1, "workers": 0}
    with tempfile.TemporaryDirectory() as folder:
        task = load_task(config.kind)
        return task.train(config.model_copy(update=changes), Path(folder) / "run", limit=2).score or 0.0
