"""`hooke models` shows what each known model is for, adds bundles, and finds damaged ones."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import yaml

from hooke.errors import ConfigError, OutputError
from hooke.models import add_model, describe_models, known_models, load_model, model_card
from hooke.models.description import score_lines
from tests.builders import exit_code

CARD = {
    "name": "mine",
    "description": "finds things",
    "license": "MIT",
    "config": {
        "hooke": {
            "kind": "spheroids",
            "training_data": [{"name": "our plates", "licence": "CC0-1.0"}],
            "scores": {"our plates": {"dsb": 0.7}},
            "abroad": {"their plates": {"images": 9, "dsb": 0.5}},
        }
    },
}


def test_shipped_models_and_own_ones_are_listed(tmp_path, monkeypatch, capsys):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "rdf.yaml").write_text(yaml.safe_dump(CARD, sort_keys=False))
    (tmp_path / "mine" / "weights.onnx").write_bytes(b"0" * 2_000_000)
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "rdf.yaml").write_text("a: [")
    monkeypatch.setenv("HOOKE_MODELS", str(tmp_path))
    assert exit_code("models", "list") == 0
    said = " ".join(capsys.readouterr().out.split())  # lines are broken where the terminal ends
    assert "nuclei (" in said
    assert "CC-BY-4.0" in said
    assert "scores abroad" in said
    assert "mine (2.0 MB, in HOOKE_MODELS)" in said
    for text in ("spheroids", "our plates (CC0-1.0)", "our plates: dsb 0.7", "their plates: images 9, dsb 0.5"):
        assert text in said
    assert "can't be parsed" in said
    assert exit_code("models", "list", "--json") == 0
    listed = {model["name"]: model for model in json.loads(capsys.readouterr().out)}
    assert listed["nuclei"]["shipped"] is True
    assert listed["nuclei"]["abroad"]
    assert listed["mine"]["abroad"] == CARD["config"]["hooke"]["abroad"]


def test_whatever_a_description_holds_it_is_listed(tmp_path, monkeypatch):
    odd = {"config": {"hooke": {"training_data": "ours", "scores": [1], "abroad": None}}, "license": 3}
    for name, content in (("odd", odd), ("bare", {}), ("worse", {"config": 3})):
        (tmp_path / name).mkdir()
        (tmp_path / name / "rdf.yaml").write_text(yaml.safe_dump(content))
    monkeypatch.setenv("HOOKE_MODELS", str(tmp_path))
    listed = {model.name: model for model in describe_models()}
    assert (listed["odd"].training_data, listed["odd"].scores, listed["odd"].licence) == ((), {}, "3")
    assert listed["bare"].kind == listed["worse"].kind == ""


def test_the_shipped_card_says_what_the_bundle_says():
    card = yaml.safe_load((Path(__file__).parents[2] / "configs" / "nuclei-card.yaml").read_text())
    (nuclei,) = (model for model in describe_models() if model.name == "nuclei")
    assert (nuclei.kind, nuclei.scores, nuclei.abroad) == (card["kind"], card["scores"], card["abroad"])
    assert list(score_lines(nuclei.abroad)) == [
        f"{name}: images {found['images']}, dsb {found['dsb']}, ap_50 {found['ap_50']}"
        for name, found in card["abroad"].items()
    ]


@pytest.fixture
def own(tmp_path, monkeypatch):
    folder = tmp_path / "own"
    monkeypatch.setenv("HOOKE_MODELS", str(folder))
    return folder


def copy_of_cells(folder):
    return Path(shutil.copytree(known_models()["cells"], folder))


@pytest.mark.slow
def test_a_bundle_that_is_added_is_known_by_name(tmp_path, own, capsys):
    bundle = copy_of_cells(tmp_path / "mine")
    assert exit_code("models", "add", bundle) == 0
    assert "--model mine" in capsys.readouterr().out
    assert known_models()["mine"] == own / "mine"
    assert load_model("mine").bundle.checksum == load_model("cells").bundle.checksum
    assert exit_code("models", "verify", "mine", "--json") == 0
    assert json.loads(capsys.readouterr().out)["mine"]["differences"] == {"": pytest.approx(0, abs=0.01)}
    zipped = Path(shutil.make_archive(str(tmp_path / "zipped"), "zip", bundle))
    assert add_model(zipped) == own / "zipped.zip"
    assert "zipped" in known_models()


def test_a_model_is_replaced_on_request_only_and_shipped_names_stay(tmp_path, own):
    bundle = copy_of_cells(tmp_path / "mine")
    add_model(bundle)
    (own / "mine" / "mark").write_text("earlier")
    with pytest.raises(OutputError, match="--overwrite"):
        add_model(bundle)
    assert (own / "mine" / "mark").exists()
    add_model(bundle, overwrite=True)
    assert not (own / "mine" / "mark").exists()
    assert [path.name for path in own.iterdir()] == ["mine"]
    with pytest.raises(ConfigError, match="came with hooke"):
        add_model(bundle, "nuclei")
    for name in ("../out", "", ".hidden", "a b"):
        with pytest.raises(ConfigError, match="named"):
            add_model(bundle, name)


@pytest.mark.parametrize("damage", ["weights", "answer", "arrays", "path", "pickle"])
def test_a_damaged_bundle_is_found_and_not_added(tmp_path, own, capsys, damage):
    bundle = copy_of_cells(tmp_path / "mine")
    description = yaml.safe_load((bundle / "rdf.yaml").read_text())
    output = description["outputs"][0]["test_tensor"]
    if damage == "weights":
        data = bytearray((bundle / "weights.onnx").read_bytes())
        data[len(data) // 2] ^= 1
        (bundle / "weights.onnx").write_bytes(data)
    elif damage == "answer":  # another network's answer, checksum and all
        np.save(bundle / "test_output.npy", np.load(bundle / "test_output.npy") + 0.02)
        output.pop("sha256")
    elif damage == "arrays":
        description.pop("inputs")
    elif damage == "path":
        output["source"] = "../elsewhere.npy"
    else:
        np.save(bundle / "test_output.npy", np.array([{}], dtype=object), allow_pickle=True)
        output.pop("sha256")
    (bundle / "rdf.yaml").write_text(yaml.safe_dump(description))
    assert exit_code("models", "verify", bundle) == 1
    said = capsys.readouterr().err
    assert {"weights": "checksum", "answer": "differs by", "arrays": "no test arrays", "path": "outside of itself"}.get(
        damage, "not an array"
    ) in said
    assert exit_code("models", "add", bundle) == 2
    assert not own.exists()


def test_a_card_is_shown(capsys):
    assert exit_code("models", "show", "cells") == 0
    assert "Where it fails" in capsys.readouterr().out
    assert exit_code("models", "show", "cells", "--json") == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["name"] == "cells"
    assert shown["licence"] == "CC-BY-4.0"
    assert shown["card"] == model_card("cells")
    assert exit_code("models", "show", "cellz") == 2
    assert "did you mean 'cells'" in capsys.readouterr().err


def test_own_models_are_in_the_home_folder_unless_a_variable_names_another(monkeypatch, tmp_path):
    monkeypatch.delenv("HOOKE_MODELS", raising=False)
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    copy_of_cells(tmp_path / ".hooke" / "models" / "mine")
    copy_of_cells(tmp_path / ".hooke" / "models" / ".hooke-1234.part")  # of a run that was killed
    assert sorted(set(known_models()) - {"nuclei", "cells", "micronuclei"}) == ["mine"]
