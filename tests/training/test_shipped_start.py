"""A run can start from the shipped networks by name: they come back from ONNX as they are, and train on."""
# ruff: noqa: E402 - what is missing is skipped before it is imported

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

for needed in ("torch", "lightning", "timm", "onnx"):
    pytest.importorskip(needed)

import torch

from hooke.errors import ConfigError
from hooke.training.bundles.weights import example_image
from hooke.training.config import load_config
from hooke.training.inputs import shipped_start
from hooke.training.segmentation.module import SegmentationModule
from hooke.training.segmentation.shipped import load_shipped

CONFIGS = Path(__file__).parents[2] / "configs"


def network(name, **changes):
    return SegmentationModule(load_config(CONFIGS / f"{name}.yaml", changes), load_weights=False)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["nuclei", "nuclei-colour", "cells", "micronuclei"])
def test_the_network_answers_as_the_shipped_one(name):
    module, bundle = network(name), shipped_start(Path(name))
    images = torch.from_numpy(example_image(3))
    assert load_shipped(module.network, bundle, images) == []
    shown, answer = np.load(bundle / "test_input.npy"), np.load(bundle / "test_output.npy")
    with torch.no_grad():
        maps = module.eval()(torch.from_numpy(shown)).maps.numpy()
        assert np.abs(maps - answer).max() < 1e-3
        # Batch norms that take each batch's own moments, as in training, have to fit the images, too.
        calm, trained = module(images).maps, torch.sigmoid(module.train().network(images).maps)
    assert (calm - trained).abs().mean() < 0.01


def test_parts_that_tell_classes_begin_with_random_weights():
    module = network("nuclei", classes=["a", "b"], image_classes=["x", "y"])
    fresh = load_shipped(module.network, shipped_start(Path("nuclei")), torch.from_numpy(example_image(3)))
    assert fresh == ["class_decoder", "class_head", "image_head"]


def test_another_network_is_refused():
    module = network("nuclei")
    with pytest.raises(ConfigError, match="the network is another") as caught:
        load_shipped(module.network, shipped_start(Path("nuclei-colour")), torch.from_numpy(example_image(3)))
    assert "configs/nuclei-colour.yaml" in str(caught.value)
