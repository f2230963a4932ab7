"""Trials before a long run: that the configuration runs at all, and that a few images can be learnt by heart."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np

from hooke.targets import SplitLine
from hooke.training.config import TrainConfig
from hooke.training.loop import train
from hooke.training.preview import write_preview
from hooke.training.samples import SampleStore, list_records

__all__ = ["fast_dev_run", "overfit", "preview"]

_STEPS = 160


def overfit(config: TrainConfig, count: int, run: Path) -> float:
    """Train on a few images, unchanged in intensity, and validate on the same.

    Parameters
    ----------
    config : TrainConfig
    count : int
        Images.
    run : Path
        Folder; an earlier trial in it is overwritten.

    Returns
    -------
    float
        DSB score on these images: near 1 when data, labels and configuration fit together.
    """
    datasets = [one.model_copy(update={"val": one.train}) for one in config.datasets]
    augment = config.augment.model_copy(update={"photometric": 0.0, "negative": 0.0, "wide": 0.0, "elastic": 0.0})
    changes = {
        "datasets": datasets,
        "augment": augment,
        "steps": _STEPS,
        "validate_every": _STEPS,
        "warmup": _STEPS // 10,
        "ema": 0.0,
        "patience": 0,
    }
    with tempfile.TemporaryDirectory(dir=_made(run)) as folder:
        return train(config.model_copy(update=changes), Path(folder), limit=count).score or 0.0


def fast_dev_run(config: TrainConfig) -> float:
    """Train two steps on a few images, validate, and leave nothing behind.

    Returns
    -------
    float
        DSB score, which means nothing after two steps.
    """
    changes = {"steps": 2, "batch": 2, "validate_every": 2, "warmup": 1, "workers": 0}
    with tempfile.TemporaryDirectory() as folder:
        return train(config.model_copy(update=changes), Path(folder) / "run", limit=2).score or 0.0


def preview(config: TrainConfig, out: Path) -> Path:
    """Write a page of crops and target maps, by dataset and modality, as the run would see them.

    Returns
    -------
    Path
        The page.
    """
    records = list_records(config, "train")
    groups = [f"{record.image.parents[1].name}: {record.modality}" for record in records]
    samples = SampleStore(records, config.nominal_diameter, config.cache_mb)
    scheme = SplitLine(nominal_diameter=config.nominal_diameter)
    return write_preview(samples, groups, config.augment, scheme, out, np.random.default_rng(config.seed))


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder
