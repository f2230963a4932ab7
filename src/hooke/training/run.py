"""Begins or continues a training run of any task, and trains its network.

```
RUN/
  config.yaml     configuration of the run, with every default
  data.json       ids and hash of the data
  versions.json   of the packages that matter
  metrics.csv     a row per logged step and per validation
  curves.svg      loss and validation scores so far, redrawn at every validation
  curves.html     a page of these, which refreshes itself during the run
  pictures.png    validation images: image, truth, prediction, errors
  result.json     at the end: the best validation score and those of two baselines
  tensorboard/    the same figures for TensorBoard
  checkpoints/    best.ckpt (validation DSB score), last.ckpt
```
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import timedelta
from pathlib import Path
from typing import Any

import lightning as L
import torch
import yaml
from lightning.pytorch.accelerators import CPUAccelerator
from lightning.pytorch.callbacks import Callback, EarlyStopping, EMAWeightAveraging, ModelCheckpoint
from lightning.pytorch.loggers import CSVLogger, TensorBoardLogger
from lightning.pytorch.utilities import rank_zero_only
from torch.utils.data import DataLoader

from hooke import __version__
from hooke.errors import ConfigError, HookeError
from hooke.extras import package_versions
from hooke.training.config import RunConfig
from hooke.training.devices import limit_allocator_trim, resolve_precision
from hooke.training.networks.depthwise import depthwise_gradients_in_single
from hooke.training.outcome import write_json
from hooke.training.progress import Progress, quiet
from hooke.training.samples import Record, records_hash, without_objects
from hooke.training.stopping import SaveWhenStopped, terminated_in_order


def begin_run(
    config: RunConfig, run: Path, records: Callable[[str], list[Record]], *, resume: bool
) -> tuple[list[Record], list[Record]]:
    """Begin or continue a run of any task: its folder, its seed, its images.

    Parameters
    ----------
    config : RunConfig
    run : Path
    records : callable
        Given a side, ``train`` or ``val``, its images.
    resume : bool

    Returns
    -------
    train, val : list of Record

    Raises
    ------
    ConfigError
        As `check_folder`.
    """
    check_folder(run, resume)
    L.seed_everything(config.seed, workers=True, verbose=False)
    train_records, val_records = records("train"), records("val")
    of_images = getattr(config, "image_classes", ())  # of these, objects are not what is learnt
    for note in () if of_images else without_objects(training=train_records, validation=val_records):
        print(f"warning: {note}", file=sys.stderr, flush=True)
    _describe_run(config, run, train_records, val_records)
    return train_records, val_records


def check_folder(run: Path, resume: bool) -> None:
    """Refuse to begin a run where there is one, and to resume one where there is none.

    Raises
    ------
    ConfigError
    """
    there = (run / "checkpoints" / "last.ckpt").exists()
    if there and not resume:
        raise ConfigError("holds a run already", path=run, remedy="give --resume, or another folder")
    if resume and not there:
        raise ConfigError("holds no run to resume", path=run, remedy="leave out --resume")


def fit(
    module: L.LightningModule,
    config: RunConfig,
    run: Path,
    loader: Callable[[int], DataLoader[Any]],
    val_loader: DataLoader[Any],
    *,
    score: str,
    watchers: Sequence[Callback] = (),
    resume: bool = False,
    resumable: bool = True,
) -> float | None:
    """Train a module of any kind, into ``checkpoints/best.ckpt`` and ``last.ckpt`` of the run's folder.

    Parameters
    ----------
    module : LightningModule
    config : RunConfig
    run : Path
    loader : callable
        Given a step, the training batches from there on.
    val_loader : DataLoader
    score : str
        What the module logs and the best checkpoint has the most of.
    watchers : sequence of Callback
        Called with the run's progress.
    resume : bool
        Continue from ``last.ckpt``.
    resumable : bool
        Whether ``last.ckpt`` is written; a short run may begin again.

    Returns
    -------
    float or None
        The best score; None when there was no validation.
    """
    limit_allocator_trim()
    checkpoints = run / "checkpoints"
    last = checkpoints / "last.ckpt"
    best = ModelCheckpoint(checkpoints, filename="best", monitor=score, mode="max", enable_version_counter=False)
    batches = loader(step_of(last) if resume else 0)
    with quiet():
        trainer = _trainer(config, run, [best, *_callbacks(config, run, score, resumable), *watchers])
        try:
            with terminated_in_order(trainer), fast_gradients(module, trainer):
                trainer.fit(module, batches, val_loader, ckpt_path=last if resume else None, weights_only=True)
        except HookeError as error:
            if (words := _words_of_worker(error)) is None:
                raise
            raise type(error)(words) from error
    if not trainer.is_global_zero:
        raise SystemExit  # of the processes of several devices one writes down what came of it
    return None if best.best_model_score is None else float(best.best_model_score)


def fast_gradients(module: L.LightningModule, trainer: L.Trainer) -> AbstractContextManager[None]:
    """Avoid what is slow in 16 bits on a processor, for as long as a module is trained."""
    on_processor = isinstance(trainer.accelerator, CPUAccelerator) and trainer.precision == "bf16-mixed"
    return depthwise_gradients_in_single(module) if on_processor else nullcontext()


def _words_of_worker(error: HookeError) -> str | None:
    """The words of an error in a process that prepares batches, of which PyTorch makes a traceback; None for others."""
    first, *_, last = (str(error).strip() or "-").splitlines() * 2
    return last.partition(": ")[2] if "worker process" in first else None


def _trainer(config: RunConfig, run: Path, callbacks: list[Callback]) -> L.Trainer:
    return L.Trainer(
        default_root_dir=run,
        max_steps=config.steps,
        max_time=timedelta(minutes=config.max_minutes) if config.max_minutes else None,
        precision=resolve_precision(config.precision, config.accelerator, timed=not config.deterministic),
        accelerator=config.accelerator,
        devices=config.devices,
        deterministic=config.deterministic,
        use_distributed_sampler=False,  # of several devices each takes its own crops, and all validate on all images
        gradient_clip_val=config.clip or None,
        val_check_interval=config.validate_every,
        check_val_every_n_epoch=None,
        num_sanity_val_steps=0,
        log_every_n_steps=25,
        callbacks=callbacks,
        logger=[_csv_logger(run), TensorBoardLogger(run, name="", version="tensorboard")],
        enable_model_summary=False,
        enable_progress_bar=False,
    )


def _callbacks(config: RunConfig, run: Path, score: str, resumable: bool) -> list[Callback]:
    checkpoints = run / "checkpoints"
    callbacks: list[Callback] = [Progress(score)]
    if resumable:
        newest = ModelCheckpoint(
            checkpoints, filename="last", every_n_train_steps=config.validate_every, enable_version_counter=False
        )
        callbacks = [newest, *callbacks, SaveWhenStopped(checkpoints / "last.ckpt")]
    if config.ema:
        callbacks.insert(0, EMAWeightAveraging(decay=config.ema, use_buffers=True))
    if config.patience:
        callbacks.append(EarlyStopping(score, mode="max", patience=config.patience))
    return callbacks


def _csv_logger(run: Path) -> CSVLogger:
    """Log to ``metrics.csv``, after the rows of an earlier part of the run, which Lightning would delete."""
    table = run / "metrics.csv"
    earlier = table.read_text(encoding="utf-8") if table.is_file() else ""
    logger = CSVLogger(run, name="", version="")
    writer = logger.experiment  # making it deletes the file
    if earlier and getattr(rank_zero_only, "rank", 0) == 0:
        table.write_text(earlier, encoding="utf-8")
        writer.metrics_keys = earlier.splitlines()[0].split(",")
    return logger


def step_of(checkpoint: Path) -> int:
    """Steps that a checkpoint's run had made."""
    return int(torch.load(checkpoint, map_location="cpu", weights_only=True, mmap=True)["global_step"])


def as_it_is(sample: Any) -> Any:
    """Give a validation image as it is; named, since workers can't be handed a lambda."""
    return sample


def _describe_run(config: RunConfig, run: Path, train_records: Sequence[Record], val_records: Sequence[Record]) -> None:
    """Write a run's configuration, and the images that it learns from, into its folder."""
    run.mkdir(parents=True, exist_ok=True)
    (run / "config.yaml").write_text(yaml.safe_dump(config.model_dump(mode="json"), sort_keys=False), encoding="utf-8")
    data = {
        side: {"hash": records_hash(records), "ids": [record.id for record in records]}
        for side, records in (("train", train_records), ("val", val_records))
    }
    write_json(run / "data.json", data)
    packages = ("torch", "timm", "lightning", "numpy", "opencv-python-headless")
    write_json(run / "versions.json", {"hooke": __version__} | package_versions(packages))
