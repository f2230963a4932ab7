"""A model is loaded once, and again when its files have changed."""

from __future__ import annotations

import shutil

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
