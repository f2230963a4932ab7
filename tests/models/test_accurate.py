"""Images are magnified less than is best for outlines, unless all is to be accurate."""

from __future__ import annotations

from dataclasses import replace

import hooke
from hooke.datasets import simulate
from hooke.models import Model, load_model


def test_accurate_magnifies_as_is_best_and_computes_in_32_bits():
    model = load_model("nuclei")
    own = model.settings
    assert own.accurate_band is not None and own.accurate_band[1] > own.diameter_band[1]
    image = simulate((256, 256), seed=2, diameter=38, density=0.2).image
    quick = hooke.segment(image, model, diameter=64, threads=1)
    accurate = hooke.segment(image, model, diameter=64, accurate=True, threads=1)
    assert quick.scale < accurate.scale
    assert accurate.model.runtime.name == "onnxruntime"


def test_without_a_band_of_its_own_accurate_magnifies_as_usual():
    model = load_model("nuclei")
    plain = Model(replace(model.bundle, settings=model.settings.model_copy(update={"accurate_band": None})))
    assert plain.segmenter(accurate=True).band == plain.segmenter().band == model.settings.diameter_band
    assert model.segmenter(accurate=True).band == model.settings.accurate_band
