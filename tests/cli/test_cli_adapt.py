"""`hooke adapt`, and `hooke train` on a folder, as typed: what they hand to the training half, and what they say."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from hooke import training
from hooke.cli.adapt import adapt
from hooke.cli.train import train
from hooke.errors import ConfigError
from tests.builders import run_command


@pytest.fixture
def calls(monkeypatch):
    """What the function was called with; it adapts nothing."""
    made = []

    def record(corrected, out, **options):
        options.pop("say")("three images")
        made.append((corrected, out, options))
        failed = {"odd": "odd.tif: of another size"} if "odd" in corrected.name else {}
        return SimpleNamespace(lines=lambda: ["a score"], notes=["a note"], warnings=["worse at home"], failed=failed)

    monkeypatch.setattr(training, "adapt", record, raising=False)
    return made


def test_options_reach_the_function(tmp_path, calls):
    result, status = run_command(
        adapt, tmp_path, "-o", tmp_path / "m", "--from", "cells", "--keep", tmp_path, "--steps", 9, "--unknown", "7"
    )
    ((corrected, out, options),) = calls
    assert (status, corrected, out) == (0, tmp_path, tmp_path / "m")
    assert (options["parent"], options["keep"], options["steps"], options["unknown"]) == ("cells", tmp_path, 9, 7)
    for said in ("three images", "a note", "a score"):
        assert said in result.stdout
    assert "warning: worse at home" in result.stderr


def test_a_class_marks_the_unknown_too_and_failures_show_in_the_status(tmp_path, calls):
    (tmp_path / "odd").mkdir()
    result, status = run_command(adapt, tmp_path / "odd", "-o", tmp_path / "m", "--unknown", "Ignore*")
    assert calls[0][2]["unknown"] == "Ignore*"
    assert (status, "of another size" in result.stderr) == (1, True)


def test_training_on_a_folder_needs_no_configuration(tmp_path, calls):
    _, status = run_command(train, tmp_path, "--from", "nuclei", "-o", tmp_path / "m", "--set", "steps=30")
    ((folder, out, options),) = calls
    assert (status, folder, out) == (0, tmp_path, tmp_path / "m")
    assert options == {"parent": "nuclei", "many": True, "steps": 30}


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ([], "no place for the model"),
        (["-o", "m", "--resume"], "not for a folder"),
        (["-o", "m", "--set", "batch=3"], "no setting 'batch'"),
    ],
)
def test_what_a_folder_does_not_take(tmp_path, calls, options, said):
    result, _ = run_command(train, tmp_path, *options)
    assert isinstance(result.exception, ConfigError) and said in str(result.exception)
    assert not calls


def test_from_is_for_folders(tmp_path, calls):
    (tmp_path / "run.yaml").write_text("name: x\n")
    result, _ = run_command(train, tmp_path / "run.yaml", "--from", "nuclei", "-o", tmp_path / "m")
    assert "for a folder of labels" in str(result.exception)
