"""`hooke models list` shows what each known model is for, and a broken bundle with its error."""

from __future__ import annotations

import json
from pathlib import Path

import yaml

from hooke.models import describe_models
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
