"""Ends a training run cleanly when its user, a scheduler or the system stops it: the weights are kept."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import lightning as L
from lightning.pytorch.callbacks import Callback
from lightning.pytorch.utilities.exceptions import SIGTERMException

_TERMINATED = 143  # the status that shells expect of a program that was terminated


class SaveWhenStopped(Callback):
    """Keeps the weights of a run that is stopped by Ctrl-C or SIGTERM, and explains how to continue.

    Parameters
    ----------
    checkpoint : Path
        File to keep it in.
    """

    def __init__(self, checkpoint: Path) -> None:
        self.checkpoint = checkpoint
        self.failed = False  # to keep what there was

    def on_exception(self, trainer: L.Trainer, pl_module: L.LightningModule, exception: BaseException) -> None:
        """Write the checkpoint."""
        # Of other exceptions, such as a loss that is not a number, the last good checkpoint is what should stay.
        if not (isinstance(exception, KeyboardInterrupt) or trainer.received_sigterm):
            return
        if not trainer.global_step:
            print("\nstopped before the first step: nothing to keep", flush=True)
            return
        if hasattr(signal, "SIGCHLD"):  # by which PyTorch would report the processes that the same signal ended
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        self.failed = True
        trainer.save_checkpoint(self.checkpoint)
        print(
            f"\nstopped at step {trainer.global_step}, which {self.checkpoint} keeps; "
            "to continue, give the same command with --resume",
            flush=True,
        )
        self.failed = False


@contextmanager
def terminated_in_order(trainer: L.Trainer) -> Iterator[None]:
    """Leave with the status that shells expect where SIGTERM ended the run, instead of an error.

    The signal often goes to the whole group of processes: those that prepare batches end, too. By the moment at which
    they end, PyTorch reports this as a RuntimeError, an EOFError or a ConnectionResetError. All are the same stop,
    unless keeping the weights failed.
    """
    try:
        yield
    except (SIGTERMException, Exception) as error:
        keepers = trainer.callbacks  # type: ignore[attr-defined] # Lightning sets it without declaring it
        if not trainer.received_sigterm or any(isinstance(each, SaveWhenStopped) and each.failed for each in keepers):
            raise
        raise SystemExit(_TERMINATED) from error
