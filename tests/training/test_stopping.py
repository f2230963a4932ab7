"""A run that the system stops keeps what it has learnt, says how to continue, and shows no traceback."""
# ruff: noqa: E402 - what is missing is skipped before it is imported

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest

for needed in ("torch", "lightning", "timm"):
    pytest.importorskip(needed)

from hooke.datasets import simulate
from hooke.datasets.layout import IndexRow, write_index, write_sample
from hooke.training.stopping import SaveWhenStopped, terminated_in_order

pytestmark = [pytest.mark.slow, pytest.mark.skipif(os.name != "posix", reason="needs POSIX signals")]

RECIPE = """
name: short
datasets: [{path: data, val: [train]}]
encoder: mobilenetv2_035
encoder_weights: none
decoder_channels: [8, 8, 8, 8]
augment: {crop: 64}
steps: 100000
validate_every: 100000
batch: 2
warmup: 1
accelerator: cpu
"""


class StoppedTrainer:
    """What is read of a trainer that SIGTERM reached."""

    received_sigterm = True
    global_step = 3

    def __init__(self, keeper: SaveWhenStopped) -> None:
        self.callbacks = [keeper]

    def save_checkpoint(self, path) -> None:
        path.write_bytes(b"weights")


@pytest.mark.parametrize("error", [RuntimeError, ConnectionResetError, EOFError, FileNotFoundError])
def test_whatever_a_worker_leaves_behind_is_the_same_stop(tmp_path, error):
    trainer = StoppedTrainer(SaveWhenStopped(tmp_path / "last.ckpt"))
    with pytest.raises(SystemExit) as stopped, terminated_in_order(trainer):
        try:
            raise error("a worker has gone")
        except error as caught:
            trainer.callbacks[0].on_exception(trainer, None, caught)
            raise
    assert stopped.value.code == 143
    assert (tmp_path / "last.ckpt").is_file()


def test_weights_that_cannot_be_kept_are_an_error(tmp_path):
    trainer = StoppedTrainer(SaveWhenStopped(tmp_path / "no folder" / "last.ckpt"))
    with pytest.raises(FileNotFoundError), terminated_in_order(trainer):
        trainer.callbacks[0].on_exception(trainer, None, RuntimeError("a worker has gone"))


@pytest.fixture
def recipe(tmp_path):
    drawn = simulate((96, 96), seed=1)
    write_sample(tmp_path / "data", "one", drawn.image, drawn.labels)
    write_index(tmp_path / "data", [IndexRow("one", "train", "fluorescence", "one", 96, 96, drawn.count)])
    path = tmp_path / "short.yaml"
    path.write_text(RECIPE, encoding="utf-8")
    return path


@pytest.mark.parametrize("workers", [0, 1])
def test_sigterm_keeps_a_checkpoint(recipe, tmp_path, workers):
    """With workers the signal goes to the whole group, as a scheduler sends it."""
    out = tmp_path / "said.txt"
    command = [sys.executable, "-m", "hooke", "train", str(recipe), "-o", str(tmp_path / "run")]
    with out.open("w") as log:
        process = subprocess.Popen(
            [*command, "--set", f"workers={workers}"], stdout=log, stderr=log, start_new_session=True
        )
    until = time.monotonic() + 240
    while "step 1 of" not in out.read_text():
        assert process.poll() is None, out.read_text()
        assert time.monotonic() < until, out.read_text()
        time.sleep(0.2)
    if workers:
        os.killpg(process.pid, signal.SIGTERM)
    else:
        process.terminate()
    status = process.wait(120)
    said = out.read_text()
    assert status == 143, said
    assert "Traceback" not in said
    assert "to continue, give the same command with --resume" in said
    assert (tmp_path / "run" / "checkpoints" / "last.ckpt").is_file()
