"""The task `segmentation`: find nuclei or cells, and their classes where the configuration names some."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from hooke.training.samples import SampleStore, list_records
from hooke.training.segmentation.config import TrainConfig
from hooke.training.segmentation.explain import find_subjects
from hooke.training.segmentation.export import export_run, load_run
from hooke.training.segmentation.loop import Trained, train
from hooke.training.segmentation.preview import write_preview
from hooke.training.tasks import Task


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
    return write_preview(samples, groups, config.augment, config.scheme, out, np.random.default_rng(config.seed))


TASK = Task(
    name="segmentation",
    score_name=Trained.score_name,
    overfit_score=0.6,
    train=train,
    export=export_run,
    load=load_run,
    subjects=find_subjects,
    preview=preview,
    plain={"photometric": 0.0, "negative": 0.0, "wide": 0.0, "elastic": 0.0},
)
