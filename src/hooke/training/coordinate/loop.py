"""Train a network that is queried at positions, into a run folder like that of `hooke.training.segmentation.loop`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from torch.utils.data import DataLoader

from hooke.training.baselines import baseline_scores
from hooke.training.coordinate.config import CoordinateConfig
from hooke.training.coordinate.data import FrameStore, train_loader
from hooke.training.coordinate.module import CoordinateModule, detection_f1, segment_frame
from hooke.training.outcome import Outcome
from hooke.training.pictures import CurvesAndPictures
from hooke.training.run import as_it_is, begin_run, fit
from hooke.training.samples import list_records


@dataclass(frozen=True)
class Trained(Outcome):
    """What came of a run; the score is the F1 of detection."""

    score_name = "F1 of detection"


def train(
    config: CoordinateConfig, run: Path, *, resume: bool = False, limit: int | None = None, baselines: bool = True
) -> Trained:
    """Train a network: see `hooke.training.train`."""
    train_records, val_records = begin_run(config, run, lambda side: list_records(config, side)[:limit], resume=resume)
    module = CoordinateModule(config, [record.id for record in train_records])
    val_samples = FrameStore(val_records, config)
    score = fit(
        module,
        config,
        run,
        lambda start: train_loader(FrameStore(train_records, config), config, start),
        DataLoader(val_samples, batch_size=None, collate_fn=as_it_is),  # type: ignore[arg-type]
        score="val/f1",
        watchers=[CurvesAndPictures(run, segment_frame)],
        resume=resume,
    )
    others = baseline_scores(val_samples, detection_f1) if baselines and limit is None else {}
    trained = Trained(run / "checkpoints" / "best.ckpt", score, others)
    trained.write(run)
    return trained
