"""A model is loaded once, and again when its files have changed; results that name it go to other processes."""

from __future__ import annotations

import copy
import pickle
import shutil

import numpy as np
import pytest

import hooke
from hooke.datasets import simulate
from hooke.errors import ModelError
from hooke.models import load_model
from tests.models.small_bundles import describe, tiny_onnx, write


def test_a_bundle_that_was_made_anew_is_read_anew(tmp_path):
    weights = tiny_onnx()
    write(tmp_path / "mine", weights, describe(weights))
    first = load_model(tmp_path / "mine")
    assert load_model(tmp_path / "mine") is first
    shutil.rmtree(tmp_path / "mine")
    write(tmp_path / "mine", weights, describe(weights, diameter_band=[14.0, 20.0]))
    second = load_model(tmp_path / "mine")
    assert second.settings.diameter_band == (14.0, 20.0) != first.settings.diameter_band


@pytest.mark.parametrize(
    ("model", "message"), [(None, "of type NoneType is neither a name nor a path"), ("", "unknown model ''")]
)
def test_no_model_is_refused_and_not_searched_for(model, message):
    with pytest.raises(ModelError, match=f"{message}.*known models: cells"):
        load_model(model)


def test_a_link_to_nothing_in_a_folder_is_no_error_of_its_own(tmp_path):
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    with pytest.raises(ModelError, match=r"rdf.yaml"):
        load_model(tmp_path)
    weights = tiny_onnx()
    write(tmp_path / "mine", weights, describe(weights))
    (tmp_path / "mine" / "link").symlink_to(tmp_path / "nowhere")
    assert load_model(tmp_path / "mine").settings.diameter_band


def test_a_result_is_sent_without_the_weights_of_its_model():
    field = simulate((128, 128), seed=1, diameter=22)
    found = hooke.segment(field.image, diameter=22, threads=1)
    sent = pickle.dumps(found)
    assert len(sent) < 2 * (field.image.nbytes + found.labels.nbytes)
    arrived = pickle.loads(sent)
    assert arrived.table.equals(found.table)
    assert arrived.model.runtime == found.model.runtime
    again = hooke.segment(field.image, arrived.model, diameter=22, threads=1)
    assert np.array_equal(again.labels, found.labels)
    assert copy.deepcopy(found).model.checksum == found.model.checksum


def test_a_model_that_is_gone_leaves_results_readable(tmp_path):
    weights = tiny_onnx()
    write(tmp_path / "mine", weights, describe(weights))
    model = load_model(tmp_path / "mine").with_runtime("onnxruntime")
    by_path = pickle.dumps(model)
    shutil.rmtree(tmp_path / "mine")
    by_value = pickle.dumps(model)
    whole, bare = pickle.loads(by_value), pickle.loads(by_path)
    assert whole.checksum == model.checksum and whole.wanted_runtime == "onnxruntime"
    assert bare.name == model.name and bare.settings == model.settings
    with pytest.raises(ModelError, match="holds no network"):
        hooke.segment(simulate((64, 64), seed=1, diameter=20).image, bare, diameter=20)
