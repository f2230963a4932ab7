"""A run of the network that is asked about places: configuration in, a run folder as `hooke.training.loop`'s out."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from torch.utils.data import DataLoader

from hooke.training.coordinate.config import CoordinateConfig
from hooke.training.coordinate.data import FrameStore, train_loader
from hooke.training.coordinate.module import CoordinateModule, segment_frame
from hooke.training.loop import as_it_is, begin_run, fit, write_json
from hooke.training.pictures import CurvesAndPictures
from hooke.training.samples import list_records

__all__ = ["Trained", "train"]

_SCORE = "val/f1"


@dataclass(frozen=True)
class Trained:
    """What came of a run.

    Parameters
    ----------
    checkpoint : Path
        The best one.
    score : float or None
        Its F1 of detection on the validation images; None when there was no validation.
    """

    checkpoint: Path
    score: float | None

    def lines(self) -> list[str]:
        """What to tell the user."""
        if self.score is None:
            return []
        return [f"validation F1 of detection {self.score:.4f}; best checkpoint: {self.checkpoint}"]


def train(config: CoordinateConfig, run: Path, *, resume: bool = False, limit: int | None = None) -> Trained:
    """Train a network.

    Parameters
    ----------
    config : CoordinateConfig
    run : Path
        Folder of the run; made when missing.
    resume : bool
        Go on from ``checkpoints/last.ckpt`` of the same folder.
    limit : int, optional
        Train and validate on no more than this many images of each side, for a trial.

    Returns
    -------
    Trained

    Raises
    ------
    ConfigError
        When the folder holds a run already and `resume` is not set, or the other way round.
    TrainingError
        When the loss is no number; the checkpoints so far stay.
    """
    train_records, val_records = begin_run(config, run, lambda side: list_records(config, side)[:limit], resume=resume)
    module = CoordinateModule(config, [record.id for record in train_records])
    score = fit(
        module,
        config,
        run,
        lambda start: train_loader(FrameStore(train_records, config), config, start),
        DataLoader(FrameStore(val_records, config), batch_size=None, collate_fn=as_it_is),  # type: ignore[arg-type]
        score=_SCORE,
        watchers=[CurvesAndPictures(run, segment_frame)],
        resume=resume,
    )
    write_json(run / "result.json", {_SCORE: score})
    return Trained(run / "checkpoints" / "best.ckpt", score)
