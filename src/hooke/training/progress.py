"""Shows the progress of a run: steps, time left, best score so far; as a bar in a terminal, as lines in a log."""

from __future__ import annotations

import logging
import math
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import lightning as L
from lightning.pytorch.callbacks import Callback, ModelCheckpoint
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, SpinnerColumn, TextColumn
from rich.progress import Progress as Bar

# Seconds between two lines of a log: at first, and at most.
_PAUSES = (5.0, 60.0)


class Progress(Callback):
    """Shows how far a run is.

    In a terminal a bar moves with every step; elsewhere, as in the log of a cluster's job, there is a line for the
    first step, for every validation, and every few seconds at first, every minute later.

    Parameters
    ----------
    score : str, optional
        The validation score, higher is better; its best value is shown.
    console : Console, optional
        Where to write; the standard output by default.
    """

    def __init__(self, score: str | None = None, console: Console | None = None) -> None:
        self.score = score
        self.console = console or Console(soft_wrap=True, highlight=False)
        self.best: tuple[float, str] | None = None
        self._bar: Bar | None = None
        self._speaks = False
        self._began = 0.0
        self._said = -math.inf
        self._first = 0

    def on_train_start(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Begin to count the time; take up the best score of a run that is resumed."""
        self._began, self._first = time.monotonic(), trainer.global_step
        for callback in trainer.checkpoint_callbacks:
            if isinstance(callback, ModelCheckpoint) and self.score and callback.monitor == self.score:
                self.best = None if callback.best_model_score is None else (float(callback.best_model_score), "before")
        self._speaks = trainer.is_global_zero  # of the processes of several devices one
        if not self._speaks:
            return
        where = f"{trainer.num_devices} x {trainer.strategy.root_device.type}"
        self.console.print(f"{trainer.max_steps} steps on {where}, precision {trainer.precision}")
        if self.console.is_terminal:
            self._bar = Bar(
                SpinnerColumn(),
                TextColumn("{task.description}"),
                BarColumn(None),
                MofNCompleteColumn(),
                TextColumn("{task.fields[status]}"),
                console=self.console,
            )
            self._bar.add_task("training", total=trainer.max_steps, completed=self._first, status="")
            self._bar.start()

    def on_train_batch_end(self, trainer: L.Trainer, pl_module: L.LightningModule, *_: Any) -> None:
        """Move the bar, or write a line now and then."""
        step = trainer.global_step
        if self._bar is not None:
            self._bar.update(self._bar.task_ids[0], completed=step, status=", ".join(self._standing(trainer)))
        elif time.monotonic() - self._said >= self._pause():
            self._say(f"step {step} of {trainer.max_steps}", *self._standing(trainer))

    def on_validation_start(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Show why the bar does not move."""
        if self._bar is not None:
            self._bar.update(self._bar.task_ids[0], description="validating")

    def on_validation_end(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Say the scores, but those of kinds of image, which the curves show, and the best so far."""
        metrics, step = trainer.callback_metrics, trainer.global_step
        scores = {key[4:]: float(value) for key, value in metrics.items() if key.startswith("val/")}
        scores = {name: value for name, value in scores.items() if not name.endswith(("_grey", "_colour"))}
        if self.score in metrics and (self.best is None or float(metrics[self.score]) > self.best[0]):
            self.best = float(metrics[self.score]), f"step {step}"
        standing = self._standing(trainer)
        if self._bar is not None:
            self._bar.update(self._bar.task_ids[0], description="training", status=", ".join(standing))
        figures = ", ".join(f"{name} {value:.3f}" for name, value in scores.items())
        self._say(f"step {step} of {trainer.max_steps}: {figures}", *standing)

    def on_fit_end(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Stop the bar."""
        self._stop()

    def on_exception(self, trainer: L.Trainer, pl_module: L.LightningModule, exception: BaseException) -> None:
        """Stop the bar, so that messages appear below it."""
        self._stop()

    def _standing(self, trainer: L.Trainer) -> list[str]:
        """Loss, best score and time left, as far as they are known."""
        parts = []
        if "train/loss" in trainer.callback_metrics:
            parts.append(f"loss {float(trainer.callback_metrics['train/loss']):.3f}")
        if self.best is not None and self.score is not None:
            parts.append(f"best {self.score[4:]} {self.best[0]:.3f} ({self.best[1]})")
        done = trainer.global_step - self._first
        if done and trainer.global_step < trainer.max_steps:  # validations so far are in the time of a step
            left = (time.monotonic() - self._began) / done * (trainer.max_steps - trainer.global_step)
            parts.append(f"{as_time(left)} left")
        return parts

    def _pause(self) -> float:
        """Seconds from one line to the next: a tenth of the time so far."""
        return min(max((time.monotonic() - self._began) / 10, _PAUSES[0]), _PAUSES[1])

    def _say(self, *parts: str) -> None:
        self._said = time.monotonic()
        if self._speaks:
            self.console.print("; ".join(parts))

    def _stop(self) -> None:
        if self._bar is not None:
            self._bar.stop()
            self._bar = None


def as_time(seconds: float) -> str:
    """Say a time as people do.

    Examples
    --------
    >>> as_time(12), as_time(150), as_time(7500)
    ('12 s', '2 min 30 s', '2 h 05 min')
    """
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 600:
        return f"{whole // 60} min {whole % 60:02d} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02d} min"


@contextmanager
def quiet() -> Iterator[None]:
    """Hide Lightning's messages except errors: hardware not found, products, its own deprecations."""
    log = logging.getLogger("lightning.pytorch")
    level = log.level
    log.setLevel(logging.WARNING)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*LeafSpec", category=Warning)
        warnings.filterwarnings("ignore", message="Experiment logs directory")
        warnings.filterwarnings("ignore", message=".*does not have many workers")
        warnings.filterwarnings("ignore", message="The number of training batches")  # of an epoch: runs count steps
        # Batch norms whose statistics stay are in this mode on purpose.
        warnings.filterwarnings("ignore", message="Found .* module.* in eval mode")
        # Of a run that continues: its folder holds checkpoints, and its own sampler knows where it stopped.
        warnings.filterwarnings("ignore", message="Checkpoint directory .* is not empty")
        warnings.filterwarnings("ignore", message="You're resuming from a checkpoint")
        try:
            yield
        finally:
            log.setLevel(level)
