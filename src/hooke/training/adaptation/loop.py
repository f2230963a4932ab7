"""Adapts a network: begins with a model's weights, learns from corrected images, and keeps the best so far."""

from __future__ import annotations

import signal
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import lightning as L
import numpy as np
import torch
from lightning.pytorch.callbacks import Callback
from torch.utils.data import DataLoader

from hooke.models import Model
from hooke.training.adaptation.held_out import Division, Learned, divide
from hooke.training.adaptation.kept_images import Kept
from hooke.training.adaptation.mixed_crops import AdaptationCrops, loader_of
from hooke.training.adaptation.module import AdaptationModule
from hooke.training.adaptation.recipe import Recipe, config_of_parent
from hooke.training.devices import resolve_precision
from hooke.training.outcome import TrainingError
from hooke.training.run import as_it_is, fit
from hooke.training.segmentation.shipped import load_weights

_WATCHED = "val/dsb"
_TOUCH = 2  # pixels of an object, on the average, that touch another: from here on split lines are learnt by Dice, too


@dataclass(frozen=True, eq=False)
class Adapted:
    """A network after its adaptation.

    Parameters
    ----------
    module : AdaptationModule
        With the best weights, ready to predict.
    division : Division
    stopped : bool
        Whether the user stopped it early.
    """

    module: AdaptationModule
    division: Division
    stopped: bool


def adapt_network(
    model: Model, images: list[Learned], kept: Kept, recipe: Recipe, run: Path, *, seed: int = 0
) -> Adapted:
    """Let a model's network learn from corrected images.

    Parameters
    ----------
    model : Model
        The one of the network: see `Model.for_image`.
    images : list of Learned
    kept : Kept
    recipe : Recipe
    run : Path
        Folder for checkpoints.
    seed : int

    Raises
    ------
    TrainingError
        When the loss is not a number.
    KeyboardInterrupt
        When it is stopped before there is anything to keep.
    """
    L.seed_everything(seed, workers=True, verbose=False)
    division = divide(images, np.random.default_rng([seed, 3]))
    diameter = float(np.median([image.sample.diameter for image in images]))
    objects = sum(len(image.sample.centres) for image in images)
    touching = sum(len(image.sample.touching) for image in images) >= _TOUCH * objects
    config = config_of_parent(model.bundle, recipe, diameter, seed, touching=touching)
    config = config.model_copy(update={"precision": resolve_precision("auto")})
    if not division.check:  # nothing to choose by, and so nothing to lose patience about
        config = config.model_copy(update={"patience": 0})
    module = AdaptationModule(config, recipe.frozen, division.names)
    crops = AdaptationCrops(division.train, kept, recipe.kept, config, module.scheme)
    shown = next(iter(loader_of(crops))).image
    load_weights(module.network, model.bundle.weights, model.bundle.path, shown, settle=False)
    module.eval().begin()
    stopped = _train(module, crops, division, run)
    return Adapted(module.eval(), division, stopped)


def _train(module: AdaptationModule, crops: AdaptationCrops, division: Division, run: Path) -> bool:
    """Train; afterwards the module has the best weights. Return whether the user stopped it."""
    best, watch = run / "checkpoints" / "best.ckpt", _Interruption(run / "checkpoints" / "best.ckpt")
    # Without a held-out part there is nothing to choose by: the averaged weights of the last step are taken.
    checked: DataLoader[object] = DataLoader(division.check, batch_size=None, collate_fn=as_it_is)  # type: ignore[arg-type]
    stopped = False
    module.train()
    before = signal.getsignal(signal.SIGINT)
    try:
        fit(
            module,
            module.config,
            run,
            lambda start: loader_of(crops, start),
            checked,
            score=_WATCHED,
            watchers=[watch],
            resumable=False,
        )
    except SystemExit as leaving:  # what Lightning makes of Ctrl-C
        if not watch.interrupted:
            raise
        stopped = True
        if not best.is_file():
            stop = KeyboardInterrupt()
            stop.add_note("before the first check, so there is nothing to keep")
            raise stop from leaving
    finally:
        with suppress(ValueError):  # not the main thread
            signal.signal(signal.SIGINT, before)
    if best.is_file():
        saved = torch.load(best, map_location="cpu", weights_only=True)["state_dict"]
        module.load_state_dict(saved)
    elif division.check:
        raise TrainingError("no check was made", remedy="give more steps")
    return stopped


class _Interruption(Callback):
    """Notes whether a run was interrupted by its user, and keeps what was checked but not saved yet.

    Parameters
    ----------
    best : Path
        Where the best weights are kept.
    """

    def __init__(self, best: Path) -> None:
        self.best = best
        self.interrupted = False

    def on_exception(self, trainer: L.Trainer, pl_module: L.LightningModule, exception: BaseException) -> None:
        """Note it."""
        self.interrupted = isinstance(exception, KeyboardInterrupt)
        if self.interrupted and not self.best.exists() and _WATCHED in trainer.callback_metrics:
            trainer.save_checkpoint(self.best)
