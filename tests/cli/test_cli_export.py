"""`hooke export` as typed: the card that it hands on, and what it refuses."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

from hooke.cli.export import _CARD_KEYS, _read_card, export
from hooke.errors import ConfigError, ModelError, OutputError
from hooke.models import CARD_SETTINGS
from hooke.training.bundles.bundle_folder import Export
from tests.builders import run_command

CONFIGS = Path(__file__).parents[2] / "configs"


@pytest.fixture
def calls(tmp_path, monkeypatch):
    """What the exporter was called with; it exports nothing."""
    monkeypatch.chdir(tmp_path)
    made = []

    def record(run, bundle, *, card, torchscript):
        made.append((run, bundle, card))
        return Export(bundle, 1.5e-6)

    kind = ModuleType("hooke.training.segmentation.task")
    kind.TASK = SimpleNamespace(export=record)
    monkeypatch.setitem(sys.modules, "hooke.training.segmentation.task", kind)
    return made


def test_a_card_may_give_every_setting_that_bundles_hand_on():
    assert set(CARD_SETTINGS) <= set(_CARD_KEYS)


def test_run_and_bundle_are_handed_on_and_the_difference_is_printed(calls):
    result, status = run_command(export, "runs/a", "-o", "bundle")
    assert status == 0
    assert calls == [(Path("runs/a"), Path("bundle"), {})]
    assert "bundle: differs from PyTorch by 1.5e-06 at most" in result.stdout


def test_a_card_is_handed_on_with_its_documentation_read(calls, tmp_path):
    folder = tmp_path / "cards"
    folder.mkdir()
    (folder / "about.md").write_text("# Zellen\n\nGrün.\n", encoding="utf-8")
    (folder / "card.yaml").write_text(
        "description: finds nuclei\nlicense: CC0-1.0\ndiameter_band: [13, 36]\ndocumentation_file: about.md\n"
    )
    _, status = run_command(export, "runs/a", "-o", "bundle", "--card", folder / "card.yaml")
    assert status == 0
    assert calls[0][2] == {
        "description": "finds nuclei",
        "license": "CC0-1.0",
        "diameter_band": [13, 36],
        "documentation": "# Zellen\n\nGrün.\n",
    }


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("licence: CC0-1.0\n", "did you mean 'license'"),
        ("- a list\n", "holds no keys"),
        ("", "holds no keys"),
        ("description: [\n", "YAML"),
        ("documentation: a\ndocumentation_file: b\n", "leave out one"),
        ("documentation_file: absent.md\n", "absent.md"),
    ],
)
def test_a_bad_card_is_refused_before_exporting(calls, tmp_path, text, word):
    (tmp_path / "card.yaml").write_text(text)
    result, _ = run_command(export, "runs/a", "-o", "bundle", "--card", tmp_path / "card.yaml")
    assert isinstance(result.exception, ConfigError)
    assert word in str(result.exception)
    assert not calls


def test_a_missing_card_is_named(calls, tmp_path):
    result, _ = run_command(export, "runs/a", "-o", "bundle", "--card", tmp_path / "none.yaml")
    assert isinstance(result.exception, ConfigError)
    assert result.exception.path == tmp_path / "none.yaml"


def test_only_a_bundle_or_an_empty_folder_is_replaced(calls, tmp_path):
    for name in ("empty", "old", "photos"):
        (tmp_path / name).mkdir()
    (tmp_path / "old" / "rdf.yaml").touch()
    (tmp_path / "photos" / "a.png").touch()
    (tmp_path / "file").touch()
    assert run_command(export, "runs/a", "-o", "empty")[1] == run_command(export, "runs/a", "-o", "old")[1] == 0
    for name in ("photos", "file", "."):
        result, _ = run_command(export, "runs/a", "-o", name)
        assert isinstance(result.exception, OutputError)
    assert len(calls) == 2


def test_a_run_that_has_learnt_nothing_is_exported_only_by_force(calls, tmp_path):
    (tmp_path / "runs" / "a").mkdir(parents=True)
    result = {"score": 0.2, "called": "DSB score", "baselines": {"Otsu with watershed": 0.4}}
    (tmp_path / "runs" / "a" / "result.json").write_text(json.dumps(result))
    refused, _ = run_command(export, "runs/a", "-o", "bundle")
    assert isinstance(refused.exception, ModelError)
    assert "0.200, is not better than Otsu with watershed (0.400)" in str(refused.exception)
    assert not calls
    assert run_command(export, "runs/a", "-o", "bundle", "--force")[1] == 0
    assert len(calls) == 1


def test_the_bundle_must_be_given(calls):
    result, _ = run_command(export, "runs/a")
    assert type(result.exception).__name__ == "MissingParameter"  # click's, or of the copy that typer brings


@pytest.mark.slow
def test_without_the_training_half_it_says_how_to_install_it(tmp_path):
    # In a process of its own: here the modules that need PyTorch may have been imported already.
    code = f"""import sys; sys.modules["torch"] = None
from hooke.cli import main
main(["export", "runs/a", "-o", {str(tmp_path / "bundle")!r}])"""
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert result.returncode == 2
    assert "pip install '.[train]'" in result.stderr


@pytest.mark.parametrize("path", sorted(CONFIGS.glob("*-card.yaml")), ids=lambda path: path.name)
def test_cards_of_the_shipped_models_are_read(path):
    assert _read_card(path)["description"]
