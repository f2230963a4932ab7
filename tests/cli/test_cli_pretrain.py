"""`hooke pretrain` as typed: what it hands to the training half, and what it says of the outcome."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

from hooke.cli.pretrain import pretrain
from tests.builders import run_command


@pytest.fixture
def config(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "short.yaml"
    for folder in ("data/mine", "one"):
        (tmp_path / folder).mkdir(parents=True)
    path.write_text("name: short\nmethod: byol\nimages: [data/mine]\nsteps: 7\n")
    return path


@pytest.fixture
def calls(monkeypatch):
    """What pre-training was called with; it trains nothing, and collapses when asked for 13 steps."""
    made = []

    def record(config, run, *, resume):
        made.append((config, run, resume))
        collapsed = config.steps == 13
        return SimpleNamespace(
            encoder=run / "encoder.safetensors", first_loss=2.0, loss=1.0, spread=0.9, collapsed=collapsed
        )

    loop = ModuleType("hooke.training.pretraining.loop")
    loop.pretrain = record
    monkeypatch.setitem(sys.modules, "hooke.training.pretraining.loop", loop)
    return made


def test_it_says_how_to_go_on(config, calls):
    result, status = run_command(pretrain, config)
    ((given, folder, resume),) = calls
    assert (status, folder, resume, given.images) == (0, Path("runs/short"), False, [str(config.parent / "data/mine")])
    assert "--set encoder_weights=runs/short/encoder.safetensors" in result.stdout.replace("\\", "/")
    assert "collapsed" not in result.output


def test_images_and_settings_as_typed_go_before_the_files(config, calls):
    run_command(
        pretrain, config, "-i", "one", "--images", "two/*.tif", "--set", "steps=9", "-o", "elsewhere", "--resume"
    )
    ((given, folder, resume),) = calls
    assert (given.images, given.steps, folder, resume) == (["one", "two/*.tif"], 9, Path("elsewhere"), True)


def test_it_says_when_the_encoder_has_collapsed(config, calls):
    result, status = run_command(pretrain, config, "--set", "steps=13")
    assert status == 0
    assert "has collapsed" in result.output


def test_without_the_training_half_it_says_how_to_install_it(config):
    # In a process of its own: here the modules that need PyTorch may have been imported already.
    code = f"import sys; sys.modules['torch'] = None; from hooke.cli import main; main(['pretrain', {str(config)!r}])"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert result.returncode == 2
    assert "pip install '.[train]'" in result.stderr
