import io
import logging
import warnings
from itertools import pairwise
from types import SimpleNamespace

import pytest
from rich.console import Console

pytest.importorskip("lightning")

from lightning.pytorch.callbacks import ModelCheckpoint

from hooke.training import progress
from hooke.training.progress import Progress, quiet


class Clock:
    """A minute passes with every step of 10."""

    def __init__(self, trainer):
        self.trainer = trainer

    def monotonic(self):
        return 100.0 + 6 * self.trainer.global_step


@pytest.fixture
def trainer(monkeypatch):
    made = SimpleNamespace(
        global_step=0,
        max_steps=100,
        callback_metrics={},
        checkpoint_callbacks=[],
        is_global_zero=True,
        num_devices=1,
        strategy=SimpleNamespace(root_device=SimpleNamespace(type="cpu")),
        precision="32-true",
    )
    monkeypatch.setattr(progress, "time", Clock(made))
    return made


def go(shown, trainer, scores):
    """Ten steps and a validation for each score."""
    for score in scores:
        for _ in range(10):
            trainer.global_step += 1
            trainer.callback_metrics["train/loss"] = 1 / trainer.global_step
            shown.on_train_batch_end(trainer, None)
        shown.on_validation_start(trainer, None)
        if score is not None:
            trainer.callback_metrics |= {"val/dsb": score, "val/dsb_grey": score}
        shown.on_validation_end(trainer, None)


def test_a_log_has_a_line_a_validation_with_the_best_and_the_time_left(trainer):
    text = io.StringIO()
    shown = Progress("val/dsb", console=Console(file=text, soft_wrap=True))
    shown.on_train_start(trainer, None)
    go(shown, trainer, [0.5, 0.7, 0.6])
    first, *lines = text.getvalue().splitlines()
    assert first == "100 steps on 1 x cpu, precision 32-true"
    assert [line for line in lines if ": " in line] == [
        "step 10 of 100: dsb 0.500; loss 0.100; best dsb 0.500 (step 10); 9 min 00 s left",
        "step 20 of 100: dsb 0.700; loss 0.050; best dsb 0.700 (step 20); 8 min 00 s left",
        "step 30 of 100: dsb 0.600; loss 0.033; best dsb 0.700 (step 20); 7 min 00 s left",
    ]


def test_a_resumed_run_knows_its_best_and_counts_only_its_own_time(trainer):
    text = io.StringIO()
    kept = ModelCheckpoint(monitor="val/dsb")
    kept.best_model_score = 0.8
    trainer.checkpoint_callbacks, trainer.global_step = [ModelCheckpoint(), kept], 50
    shown = Progress("val/dsb", console=Console(file=text, soft_wrap=True))
    shown.on_train_start(trainer, None)
    go(shown, trainer, [0.6])
    assert text.getvalue().splitlines()[-1].endswith("best dsb 0.800 (before); 4 min 00 s left")


def test_a_terminal_has_a_bar(trainer):
    text = io.StringIO()
    shown = Progress("val/dsb", console=Console(file=text, force_terminal=True, width=120))
    shown.on_train_start(trainer, None)
    go(shown, trainer, [0.5])
    shown.on_fit_end(trainer, None)
    assert "10/100" in text.getvalue()
    assert "best dsb 0.500 (step 10), 9 min 00 s left" in text.getvalue()


def test_further_devices_say_nothing(trainer):
    text = io.StringIO()
    trainer.is_global_zero = False
    shown = Progress("val/dsb", console=Console(file=text))
    shown.on_train_start(trainer, None)
    go(shown, trainer, [0.5])
    shown.on_exception(trainer, None, ValueError())
    assert text.getvalue() == ""


def test_quiet_is_over_at_its_end():
    log = logging.getLogger("lightning.pytorch")
    before = log.level
    with pytest.warns(UserWarning, match="of the user's own"), quiet():
        warnings.warn("Experiment logs directory exists", UserWarning, stacklevel=1)
        assert not log.isEnabledFor(logging.INFO)
        warnings.warn("of the user's own", UserWarning, stacklevel=1)
    assert log.level == before


def test_a_log_shows_soon_that_the_run_lives_and_then_a_line_a_minute(trainer):
    text = io.StringIO()
    shown = Progress("val/dsb", console=Console(file=text, soft_wrap=True))
    trainer.max_steps = 1000
    shown.on_train_start(trainer, None)
    for _ in range(400):
        trainer.global_step += 1
        shown.on_train_batch_end(trainer, None)
    steps = [int(line.split()[1]) for line in text.getvalue().splitlines()[1:]]
    assert steps[:3] == [1, 2, 3]
    assert max(6 * (after - before) for before, after in pairwise(steps)) == 60
    assert steps[-1] > 390
