"""Trials before a long run: that the configuration runs at all, and that a few images can be learnt by heart."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from hooke.targets import SplitLine
from hooke.training.config import RunConfig, TrainConfig
from hooke.training.samples import SampleStore, list_records
from hooke.training.segmentation.loop import train
from hooke.training.segmentation.preview import write_preview

__all__ = ["fast_dev_run", "overfit", "preview"]

# Of a trial on a few images, which two cores should get through in two minutes, loading and validation included.
_STEPS = 300
_EVERY = 75
_CROP = 128
_MINUTES = 1.5

#: Trains a network of some kind: configuration, folder, and as `limit` the images of each side; gives its ``score``.
Train = Callable[..., Any]


#: What augmentation leaves alone in such a trial.
_PLAIN = {"photometric": 0.0, "negative": 0.0, "wide": 0.0, "elastic": 0.0}


def overfit(config: Any, count: int, run: Path, *, train: Train = train, plain: Mapping[str, float] = _PLAIN) -> float:
    """Train on a few images, unchanged in intensity, and validate on the same.

    Parameters
    ----------
    config : TrainConfig or the like
        It has an ``augment``.
    count : int
        Images.
    run : Path
        Folder; an earlier trial in it is overwritten.
    train : callable
        What trains that kind of network.
    plain : mapping of str to float
        Values of ``augment`` with which images stay as they are.

    Returns
    -------
    float
        Validation score on these images: near 1 when data, labels and configuration fit together.
    """
    datasets = [one.model_copy(update={"val": one.train}) for one in config.datasets]
    augment = config.augment.model_copy(update=dict(plain))
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
    with tempfile.TemporaryDirectory(dir=_made(run)) as folder:
        return train(config.model_copy(update=changes), Path(folder), limit=count).score or 0.0


def fast_dev_run(config: RunConfig, *, train: Train = train) -> float:
    """Train two steps on a few images, validate, and leave nothing behind.

    Returns
    -------
    float
        Validation score, which means nothing after two steps.
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
    samples = SampleStore(records, config.nominal_diameter, config.cache_mb, config.stains)
    scheme = SplitLine(nominal_diameter=config.nominal_diameter)
    return write_preview(samples, groups, config.augment, scheme, out, np.random.default_rng(config.seed))


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder
