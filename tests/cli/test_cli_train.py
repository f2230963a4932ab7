"""`hooke train` as typed: what it hands to the training half, and what it says where that can't work."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

from hooke.cli.train import train, training_half
from hooke.datasets.layout import write_index
from hooke.errors import ConfigError
from hooke.io import parse_settings
from hooke.training import sanity_checks
from tests.builders import run_command


@pytest.fixture
def config(tmp_path, monkeypatch):
    """A configuration, in a working folder of its own."""
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "short.yaml"
    path.write_text("name: short\ndatasets:\n  - path: data/one\nsteps: 7\naugment: {wide: 0.1, crop: 64}\n")
    write_index(tmp_path / "data" / "one", [])
    return path


@pytest.fixture
def calls(monkeypatch):
    """What the training loop was called with; it trains nothing."""
    made = []

    def record(config, run, *, resume):
        made.append((config, run, resume))
        return SimpleNamespace(lines=lambda: ["a score"])

    kind = ModuleType("hooke.training.segmentation.task")
    kind.TASK = SimpleNamespace(train=record, score_name="agreement", overfit_score=0.6, preview=None)
    monkeypatch.setattr(sanity_checks, "fast_dev_run", lambda config: 0.25)
    monkeypatch.setattr(sanity_checks, "overfit", lambda config, count, run: count / 10)
    monkeypatch.setitem(sys.modules, "hooke.training.segmentation.task", kind)
    return made


def test_the_run_lies_under_its_name_by_default(config, calls):
    result, status = run_command(train, config)
    ((given, folder, resume),) = calls
    assert status == 0
    assert (folder, resume) == (Path("runs/short"), False)
    assert (given.steps, given.augment.wide) == (7, 0.1)
    assert "a score\n" in result.stdout
    assert f"hooke export {Path('runs/short')} -o" in result.stdout


def test_trials_train_no_run(config, calls):
    tried, status = run_command(train, config, "--fast-dev-run")
    assert (status, "score 0.250" in tried.stdout) == (0, True)
    assert run_command(train, config, "--overfit", 8)[1] == 0
    poor, status = run_command(train, config, "--overfit", 4)
    assert (status, "not memorised: agreement only 0.400" in poor.output) == (1, True)
    assert not calls


def test_a_kind_without_a_preview_says_so(config, calls):
    result, _ = run_command(train, config, "--preview")
    assert isinstance(result.exception, ConfigError)
    assert "kind segmentation has no preview" in str(result.exception)


def test_without_a_configuration_it_says_what_is_missing(calls):
    result, _ = run_command(train)
    assert "no configuration given" in str(result.exception)


def test_another_kind_of_training_is_refused_by_name(config, calls):
    result, _ = run_command(train, config, "--set", "kind=dancing")
    assert "unknown kind of training 'dancing'" in str(result.exception)
    assert "segmentation" in result.exception.remedy


def test_settings_as_typed_go_before_those_of_the_file(config, calls):
    typed = [
        "steps=9",
        "augment.wide=0.3",
        "learning_rate=1e-4",
        "encoder_weights=none",
        "modality_share={histology: 1}",
    ]
    _, status = run_command(
        train, config, "-o", "elsewhere", "--resume", *(part for one in typed for part in ("--set", one))
    )
    ((given, folder, resume),) = calls
    assert status == 0
    assert (folder, resume) == (Path("elsewhere"), True)
    assert (given.steps, given.augment.wide, given.augment.crop) == (9, 0.3, 64)
    assert (given.learning_rate, given.encoder_weights) == (1e-4, "none")
    assert given.modality_share == {"histology": 1.0}


def test_a_value_may_hold_an_equals_sign():
    assert parse_settings(["name=a=b"]) == {"name": "a=b"}


@pytest.mark.parametrize("setting", ["steps", "=3", "steps=[1"])
def test_a_setting_of_another_form_is_refused(config, calls, setting):
    result, _ = run_command(train, config, "--set", setting)
    assert isinstance(result.exception, ConfigError)
    assert "--set" in str(result.exception)
    assert not calls


def test_an_unknown_setting_is_refused_before_training(config, calls):
    result, _ = run_command(train, config, "--set", "step=3")
    assert isinstance(result.exception, ConfigError)
    assert "'steps'" in str(result.exception)
    assert not calls


def test_without_the_training_half_it_says_how_to_install_it(config):
    # In a process of its own: here the modules that need PyTorch may have been imported already.
    code = f"import sys; sys.modules['torch'] = None; from hooke.cli import main; main(['train', {str(config)!r}])"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert result.returncode == 2
    assert (
        "training needs torch, which is not installed; in a copy of hooke's repository: pip install '.[train]'"
        in result.stderr
    )


def test_a_module_of_our_own_that_is_missing_is_no_matter_of_installing():
    with pytest.raises(ModuleNotFoundError), training_half():
        import hooke.no_such_module  # noqa: F401


def test_the_help_shows_how_to_install_the_training_half():
    result, _ = run_command(train, "--help")
    assert "pip install '.[train]'" in result.stdout
