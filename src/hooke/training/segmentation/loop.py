"""Train a network that segments, into a run folder as `hooke.training.run` describes it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from pickle import UnpicklingError  # what torch.load raises, though it unpickles nothing but tensors

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch.utils.data import DataLoader

from hooke.errors import ConfigError, first_line
from hooke.training.baselines import baseline_scores, mean_dsb
from hooke.training.imbalance import class_weights
from hooke.training.inputs import shipped_start
from hooke.training.outcome import Outcome
from hooke.training.pictures import CurvesAndPictures
from hooke.training.run import as_it_is, begin_run, fit
from hooke.training.samples import Record, SampleStore, list_records
from hooke.training.segmentation.config import TrainConfig
from hooke.training.segmentation.data import train_loader
from hooke.training.segmentation.module import SegmentationModule
from hooke.training.segmentation.shipped import load_shipped

_WATCHED = "val/dsb"
_CLASS_PARTS = ("network.class_decoder.", "network.class_head.", "network.image_head.")


@dataclass(frozen=True)
class Trained(Outcome):
    """What came of a run; the score is the DSB score."""

    score_name = "DSB score"


def train(
    config: TrainConfig, run: Path, *, resume: bool = False, limit: int | None = None, baselines: bool = True
) -> Trained:
    """Train a network: see `hooke.training.train`."""
    train_records, val_records = begin_run(config, run, lambda side: list_records(config, side)[:limit], resume=resume)
    weights = _class_weights(train_records, config) if config.classes else None
    module = SegmentationModule(
        config,
        load_weights=config.start_from is None,  # which holds the encoder's
        class_weights=weights,
        names=[record.id for record in train_records],
    )
    if config.start_from is not None and not resume:
        _begin_with(module, train_records)
    val_samples = SampleStore(val_records, config.nominal_diameter, config.cache_mb, config.stains)
    score = fit(
        module,
        config,
        run,
        lambda start: train_loader(train_records, config, module.scheme, start=start),
        DataLoader(val_samples, batch_size=None, collate_fn=as_it_is),  # type: ignore[arg-type]
        score=_WATCHED,
        watchers=[CurvesAndPictures(run)],
        resume=resume,
    )
    if config.stains is not None:  # the baselines take what they would take of these images
        val_samples = SampleStore(val_records, config.nominal_diameter, config.cache_mb)
    others = baseline_scores(val_samples, mean_dsb) if baselines and limit is None else {}
    trained = Trained(run / "checkpoints" / "best.ckpt", score, others)
    trained.write(run)
    return trained


def _begin_with(module: SegmentationModule, records: list[Record]) -> None:
    """Take up the weights that the configuration starts from, and say which parts of the network it has none for."""
    start = module.config.start_from
    assert start is not None
    if (bundle := shipped_start(start)) is None:
        fresh = start_from(module, start)
    else:
        first = train_loader(records, module.config.model_copy(update={"workers": 0}), module.scheme)
        fresh = load_shipped(module.network, bundle, next(iter(first)).image)
    if fresh:
        print(f"{start} has no weights for {', '.join(fresh)}: these begin with random ones", flush=True)


def start_from(module: SegmentationModule, checkpoint: Path) -> list[str]:
    """Take a network's weights from an earlier run with the same network: a checkpoint, or a safetensors file.

    The parts that predict classes may differ: they keep their new weights if the file has none that fit.

    Returns
    -------
    list of str
        Parts of the network that keep their new weights.

    Raises
    ------
    ConfigError
        When the file can't be read, or belongs to another network.
    """
    own: dict[str, torch.Tensor] = module.state_dict()
    fresh: set[str] = set()
    try:
        if checkpoint.suffix == ".safetensors":
            state = {name: tensor.float() for name, tensor in load_file(checkpoint).items()}
        else:
            state = torch.load(checkpoint, map_location="cpu", weights_only=True)["state_dict"]
        for name in [name for name in state.keys() | own.keys() if name.startswith(_CLASS_PARTS)]:
            if name not in own:
                del state[name]
            elif name not in state or state[name].shape != own[name].shape:
                state[name] = own[name]
                fresh.add(name.split(".")[1])
        module.load_state_dict(state)
    except (OSError, KeyError, RuntimeError, SafetensorError, UnpicklingError) as error:
        raise ConfigError(
            f"can't be started from: {first_line(error)}", path=checkpoint, remedy="give weights of the same network"
        ) from error
    return sorted(fresh)


def _class_weights(records: Sequence[Record], config: TrainConfig) -> list[float]:
    counts = np.bincount(
        [number for record in records for number in record.classes.values()], minlength=len(config.classes)
    )
    return [float(weight) for weight in class_weights(counts, config.class_weighting)]
