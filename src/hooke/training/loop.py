"""A training run: configuration in, a run folder out with checkpoints, curves and pictures.

```
RUN/
  config.yaml     what the run was told, every default written out
  data.json       ids and hash of the data
  versions.json   of the packages that matter
  metrics.csv     a row per logged step and per validation
  curves.png      loss and validation scores so far, redrawn at every validation
  pictures.png    validation images: image, truth, prediction
  checkpoints/    best.ckpt (validation DSB score), last.ckpt
```
"""

from __future__ import annotations

import json
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from pickle import UnpicklingError  # what torch.load raises, though it unpickles nothing but tensors
from typing import Any

import lightning as L
import torch
import yaml
from lightning.pytorch.callbacks import Callback, EMAWeightAveraging, ModelCheckpoint
from lightning.pytorch.loggers import CSVLogger, TensorBoardLogger
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch.utils.data import DataLoader

from hooke.errors import ConfigError
from hooke.training.config import TrainConfig
from hooke.training.data import Record, list_records, load_sample, records_hash, train_loader
from hooke.training.module import SegmentationModule
from hooke.training.pictures import CurvesAndPictures

__all__ = ["train"]


def train(config: TrainConfig, run: Path, *, resume: bool = False) -> Path:
    """Train a network.

    Parameters
    ----------
    config : TrainConfig
    run : Path
        Folder of the run; made when missing.
    resume : bool
        Go on from ``checkpoints/last.ckpt`` of the same folder.

    Returns
    -------
    Path
        The best checkpoint.

    Raises
    ------
    ConfigError
        When the folder holds a run already and `resume` is not set, or the other way round.
    """
    checkpoints = run / "checkpoints"
    last = checkpoints / "last.ckpt"
    if last.exists() and not resume:
        raise ConfigError("holds a run already", path=run, remedy="give --resume, or another folder")
    if resume and not last.exists():
        raise ConfigError("holds no run to resume", path=run, remedy="leave out --resume")
    L.seed_everything(config.seed, workers=True, verbose=False)
    train_records, val_records = list_records(config, "train"), list_records(config, "val")
    _describe(config, run, train_records, val_records)

    module = SegmentationModule(config)
    if config.start_from is not None:
        start_from(module, config.start_from)
    best = ModelCheckpoint(checkpoints, filename="best", monitor="val/dsb", mode="max", enable_version_counter=False)
    newest = ModelCheckpoint(
        checkpoints, filename="last", every_n_train_steps=config.validate_every, enable_version_counter=False
    )
    callbacks: list[Callback] = [best, newest, CurvesAndPictures(run)]
    if config.ema:
        callbacks.insert(0, EMAWeightAveraging(decay=config.ema, use_buffers=True))
    val_samples = [load_sample(record, config.nominal_diameter) for record in val_records]
    trainer = L.Trainer(
        default_root_dir=run,
        max_steps=config.steps,
        precision=config.precision,
        accelerator=config.accelerator,
        devices=config.devices,
        gradient_clip_val=1.0,
        val_check_interval=config.validate_every,
        check_val_every_n_epoch=None,
        num_sanity_val_steps=0,
        log_every_n_steps=25,
        callbacks=callbacks,
        logger=[_csv_logger(run), TensorBoardLogger(run, name="", version="tensorboard")],
        enable_model_summary=False,
    )
    trainer.fit(
        module,
        train_loader(train_records, config, module.scheme, start=_step_of(last) if resume else 0),
        DataLoader(val_samples, batch_size=None, collate_fn=_as_it_is),  # type: ignore[arg-type]
        ckpt_path=last if resume else None,
        weights_only=True,
    )
    return checkpoints / "best.ckpt"


def start_from(module: SegmentationModule, checkpoint: Path) -> None:
    """Take a network's weights from an earlier run with the same network: a checkpoint, or a safetensors file.

    Raises
    ------
    ConfigError
        When the file can't be read, or belongs to another network.
    """
    try:
        if checkpoint.suffix == ".safetensors":
            state = {name: tensor.float() for name, tensor in load_file(checkpoint).items()}
        else:
            state = torch.load(checkpoint, map_location="cpu", weights_only=True)["state_dict"]
        module.load_state_dict(state)
    except (OSError, KeyError, RuntimeError, SafetensorError, UnpicklingError) as error:
        first = str(error).splitlines()[0]
        raise ConfigError(
            f"can't be started from: {first}", path=checkpoint, remedy="give weights of the same network"
        ) from error


def _csv_logger(run: Path) -> CSVLogger:
    """Log to ``metrics.csv``, after the rows of an earlier part of the run, which Lightning would delete."""
    table = run / "metrics.csv"
    earlier = table.read_text(encoding="utf-8") if table.is_file() else ""
    logger = CSVLogger(run, name="", version="")
    writer = logger.experiment  # making it deletes the file
    if earlier:
        table.write_text(earlier, encoding="utf-8")
        writer.metrics_keys = earlier.splitlines()[0].split(",")
    return logger


def _step_of(checkpoint: Path) -> int:
    return int(torch.load(checkpoint, map_location="cpu", weights_only=True, mmap=True)["global_step"])


def _as_it_is(sample: Any) -> Any:
    return sample


def _describe(config: TrainConfig, run: Path, train_records: list[Record], val_records: list[Record]) -> None:
    run.mkdir(parents=True, exist_ok=True)
    (run / "config.yaml").write_text(yaml.safe_dump(config.model_dump(mode="json"), sort_keys=False), encoding="utf-8")
    data = {
        side: {"hash": records_hash(records), "ids": [record.id for record in records]}
        for side, records in (("train", train_records), ("val", val_records))
    }
    (run / "data.json").write_text(json.dumps(data, indent=1), encoding="utf-8")
    packages = ("hooke", "torch", "timm", "lightning", "numpy", "opencv-python-headless")
    (run / "versions.json").write_text(
        json.dumps({name: _version(name) for name in packages}, indent=1), encoding="utf-8"
    )


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"
