"""Maps of what answers rest on: they point at what a network was built to use, and change with its weights."""
# ruff: noqa: E402 - what is missing is skipped before it is imported

from __future__ import annotations

import numpy as np
import pytest

for needed in ("torch", "lightning", "timm", "pytorch_grad_cam"):
    pytest.importorskip(needed)

import torch
from torch import nn

from hooke.cli.explain import explain as command
from hooke.datasets import simulate
from hooke.errors import ConfigError, ModelError
from hooke.image import Image
from hooke.io import write_png
from hooke.training.explain import METHODS, attribute, explain_run, randomised, write_explanations
from hooke.training.explain.attribution import likeness
from hooke.training.explain.explanation import explain_answers
from hooke.training.networks import Heads, UNet
from hooke.training.segmentation.config import TrainConfig
from hooke.training.segmentation.module import SegmentationModule


class Bright(nn.Module):
    """Says how bright an image is at its brightest; its features, at stride 4, are means."""

    def __init__(self):
        super().__init__()
        self.features = nn.Conv2d(3, 2, 4, stride=4, bias=False)
        with torch.no_grad():
            self.features.weight[0] = 1 / 48
            self.features.weight[1] = -1 / 48

    def forward(self, image):
        return self.features(image).amax(dim=(2, 3))


def logit(network, image):
    return network(image)[0, 0]


@pytest.fixture
def spot():
    """A dark image with one bright square."""
    image = torch.zeros(1, 3, 32, 48)
    image[..., 20:24, 28:32] = 1
    return image


@pytest.mark.parametrize("method", METHODS)
def test_the_map_points_at_what_the_answer_rests_on(spot, method):
    heat = attribute(Bright(), spot, logit, method)
    assert heat.shape == (32, 48)
    assert heat.max() == pytest.approx(1, abs=1e-3)
    row, column = np.unravel_index(heat.argmax(), heat.shape)
    assert 18 <= row < 26
    assert 26 <= column < 34
    assert heat[:12].max() < 0.05


def test_nothing_speaks_for_an_answer_that_needs_no_features(spot):
    heat = attribute(Bright(), spot, lambda network, image: 0 * network(image).sum())
    assert np.array_equal(heat, np.zeros((32, 48)))


def test_hires_cam_tells_one_object_from_another_of_its_kind(spot):
    """Two equal spots, one explained: Grad-CAM highlights both, HiResCAM only that one."""
    spot[..., 4:8, 4:8] = 1
    heats = {
        method: attribute(Bright(), spot, lambda network, image: network.features(image)[0, 0, 5, 7], method)
        for method in ("grad-cam", "hires-cam")
    }
    assert heats["grad-cam"][5, 5] > 0.9
    assert heats["hires-cam"][5, 5] < 0.05
    assert heats["hires-cam"][21, 29] > 0.9


def test_the_stride_chooses_the_features(spot):
    with pytest.raises(ConfigError, match="strides it has: 4"):
        attribute(Bright(), spot, logit, stride=16)
    assert np.array_equal(attribute(Bright(), spot, logit, stride=4), attribute(Bright(), spot, logit))
    with pytest.raises(ConfigError, match="grad-cam"):
        attribute(Bright(), spot, logit, "saliency")


def test_random_weights_are_a_copy():
    network = Bright()
    before = network.features.weight.clone()
    other = randomised(network)
    assert torch.equal(network.features.weight, before)
    assert not torch.equal(other.features.weight, before)
    assert torch.equal(other.features.weight, randomised(network).features.weight)
    assert not torch.equal(other.features.weight, randomised(network, seed=1).features.weight)


def test_likeness():
    first = np.arange(12, dtype=np.float32).reshape(3, 4)
    assert likeness(first, 2 * first + 1) == pytest.approx(1)
    assert likeness(first, -first) == pytest.approx(-1)
    assert likeness(first, np.ones_like(first)) == 0


@pytest.mark.parametrize("method", METHODS)
def test_randomised_weights_change_the_map(spot, method):
    trained, random = (attribute(network, spot, logit, method) for network in (Bright(), randomised(Bright())))
    assert np.abs(trained - random).max() > 0.1


def test_a_class_of_a_whole_image(spot):
    pixels = spot[0].permute(1, 2, 0).numpy()
    told = explain_answers(Bright(), np.ascontiguousarray(pixels), ["bright", "dark"], ["grad-cam"])
    assert told.answer.startswith("bright, probability 0.7")  # softmax of 1 and 0
    assert told.inside("grad-cam") is None
    assert set(told.heat) == set(told.random) == {"grad-cam"}


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A run of a small network, trained a little: its foreground is what is bright."""
    folder = tmp_path_factory.mktemp("runs") / "run"
    config = TrainConfig.model_validate(
        {
            "datasets": [{"path": "nowhere"}],
            "network": "plain-unet",
            "encoder_weights": "none",
            "classes": ["nucleus", "debris"],
            "image_classes": ["fluorescence", "histology"],
            "precision": "32-true",
        }
    )
    torch.manual_seed(0)
    module = SegmentationModule(config, load_weights=False)
    fields = [simulate((96, 96), seed=seed) for seed in range(2)]
    pixels = torch.from_numpy(np.stack([field.image for field in fields]).astype(np.float32))
    pixels = pixels[:, None].repeat(1, 3, 1, 1) / 255
    truth = torch.from_numpy(np.stack([field.labels for field in fields]) > 0).float()
    optimizer = torch.optim.Adam(module.network.parameters(), 0.01)
    for _ in range(40):
        output = module.network(pixels)
        wanted = torch.stack([truth, torch.zeros_like(truth), truth, truth / 2], dim=1)
        loss = nn.functional.binary_cross_entropy_with_logits(output.maps, wanted)
        loss = loss + nn.functional.cross_entropy(output.classes, truth.long())  # all are nuclei
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    (folder / "checkpoints").mkdir(parents=True)
    saved = {
        "state_dict": module.state_dict(),
        "hyper_parameters": {"config": config.model_dump(mode="json")},
        "global_step": 40,
        "pytorch-lightning_version": "2.4.0",
    }
    torch.save(saved, folder / "checkpoints" / "best.ckpt")
    return folder


@pytest.fixture(scope="module")
def explained(run):
    return explain_run(run, Image(simulate((96, 112), seed=5).image), count=2, diameter=22)


@pytest.mark.slow
def test_objects_and_the_image_class_are_explained(explained):
    *objects, whole = explained
    assert whole.name == "image class"
    names = [one.name for one in objects]
    assert len(names) == 4
    assert names[1::2] == [f"class of {name}" for name in names[::2]]
    assert all(one.answer.startswith("nucleus, probability") for one in objects[1::2])
    for one in objects:
        assert one.labels.shape == one.pixels.shape[:2] == one.heat["grad-cam"].shape
        assert one.labels.max() == 1
        assert set(one.heat) == set(METHODS)
        for heat in one.heat.values():
            assert 0 <= heat.min() <= heat.max() <= 1


@pytest.mark.slow
def test_maps_of_a_trained_network_are_not_those_of_a_random_one(explained):
    assert min(abs(value) for one in explained[:-1] for value in one.random.values()) < 0.9


@pytest.mark.slow
def test_the_page_and_its_pictures(explained, tmp_path):
    page = write_explanations(explained, tmp_path / "out", "a <run>")
    text = page.read_text()
    assert "a &lt;run&gt;" in text
    assert text.count("<img ") == len(explained) == len(list((tmp_path / "out").glob("*.png")))
    assert "like random" in text


@pytest.mark.slow
def test_the_command(run, tmp_path, capsys):
    write_png(tmp_path / "field.png", simulate((96, 96), seed=3).image)
    status = command(run, tmp_path / "field.png", tmp_path / "out", method=["grad-cam"], count=1, diameter=22)
    assert status == 0
    assert "predictions explained" in capsys.readouterr().out
    assert (tmp_path / "out" / "explain.html").is_file()


def test_a_folder_that_is_no_run(tmp_path):
    with pytest.raises(ModelError, match="no checkpoint"):
        explain_run(tmp_path, Image(np.zeros((32, 32), np.uint8)))


@pytest.mark.slow
def test_an_image_without_objects(run, tmp_path):
    found = explain_run(run, Image(np.zeros((64, 64), np.uint8)), diameter=22, methods=["grad-cam"])
    objects = [one for one in found if one.name != "image class"]
    assert not objects
    assert "nothing to explain" in write_explanations([], tmp_path, "none").read_text()


def test_of_several_decoders_the_one_that_answers_is_weighed():
    network = UNet("tf_efficientnet_lite0", Heads(4, classes=2), [16, 16, 8, 8], weights="none")
    image = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    for question in (lambda net, one: net(one).maps[0, 0].mean(), lambda net, one: net(one).classes[0, 1].mean()):
        heat = attribute(network, image, question, "hires-cam", 8)
        assert heat.shape == (64, 64)
        assert np.isfinite(heat).all()
