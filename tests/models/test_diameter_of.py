"""A model whose objects are parts of larger ones lets another model measure these, and takes a share of that."""

from __future__ import annotations

import pickle
from dataclasses import replace

import pytest

import hooke
from hooke.datasets import simulate
from hooke.errors import ModelError
from hooke.models import TunedSettings, known_models, load_model, write_tuned
from hooke.pipeline import SegmentOptions
from hooke.pipeline.settings import run_settings

PICTURE = simulate((160, 192), seed=3, diameter=22, density=0.15, overlap=0.1).image


def by_another(out, **changes):
    """The shipped weights, with a diameter that another model measures."""
    model = load_model("nuclei")
    own = TunedSettings.of(model)
    settings = replace(own, grey=own.grey.model_copy(update=changes))
    return write_tuned(out, model, settings, {"images": ["a"]}, known=known_models())


def test_the_diameter_is_a_share_of_what_the_other_model_measures(tmp_path):
    model = by_another(tmp_path / "parts", diameter_of="nuclei", diameter_share=0.5)
    whole, parts = (hooke.segment(PICTURE, which, threads=1) for which in ("nuclei", model))
    assert parts.diameter == pytest.approx(whole.diameter / 2)
    assert hooke.segment(PICTURE, model, diameter=9, threads=1).diameter == 9
    assert hooke.segment(PICTURE * 0, model, threads=1).count == 0


def test_it_is_kept_by_another_process_and_by_another_runtime(tmp_path):
    model = load_model(by_another(tmp_path / "parts", diameter_of="nuclei", diameter_share=0.5))
    for other in (pickle.loads(pickle.dumps(model)), model.with_runtime("onnxruntime")):
        assert other.for_diameter is not None and other.for_diameter.name == "nuclei"
    assert other.for_diameter.wanted_runtime == "onnxruntime"


def test_results_depend_on_the_model_that_measures(tmp_path):
    one, other = (
        load_model(by_another(tmp_path / name, diameter_of=name, diameter_share=0.5)) for name in ("nuclei", "cells")
    )
    digests = {run_settings(model, SegmentOptions(), None).hash for model in (load_model(), one, other)}
    assert len(digests) == 3


def test_two_models_do_not_wait_for_each_other(tmp_path, monkeypatch):
    monkeypatch.setenv("HOOKE_MODELS", str(tmp_path))
    by_another(tmp_path / "first", diameter_of="nuclei")
    second = by_another(tmp_path / "second", diameter_of="first")
    with pytest.raises(ModelError, match="'first' is to measure the diameter") as raised:
        load_model(second)
    assert "diameter_of" in str(raised.value)
    with pytest.raises(ModelError, match="unknown model 'nothing'"):
        load_model(by_another(tmp_path / "third", diameter_of="nothing"))
