"""Makes networks by their name in the configuration; a new one is one function here."""

from __future__ import annotations

from collections.abc import Callable

from torch import nn

from hooke.errors import ConfigError
from hooke.training.networks.outputs import Heads
from hooke.training.networks.plain import PlainUNet
from hooke.training.networks.smp import SmpNetwork
from hooke.training.networks.unet import UNet
from hooke.training.segmentation.config import TrainConfig

_Builder = Callable[[TrainConfig, Heads, str], nn.Module]

#: Builders by name; the first line of each one's docstring is what ``hooke train --list`` says of it.
NETWORKS: dict[str, _Builder] = {}

#: timm encoders that hooke is tested with; any other with features at strides 2 to 32 may do as well.
TRIED_ENCODERS = (
    "tf_efficientnet_lite0",
    "tf_efficientnet_lite2",
    "mobilenetv2_100",
    "resnet18",
    "resnet34",
    "efficientnet_b0",
    "tf_efficientnetv2_b0",
    "tf_efficientnetv2_s",
)


def _register(name: str) -> Callable[[_Builder], _Builder]:
    def add(builder: _Builder) -> _Builder:
        NETWORKS[name] = builder
        return builder

    return add


def build_network(config: TrainConfig, heads: Heads, *, load_weights: bool = True) -> nn.Module:
    """Make the network that a configuration names.

    Parameters
    ----------
    config : TrainConfig
    heads : Heads
    load_weights : bool
        False leaves the encoder's weights random, for a checkpoint to fill.

    Raises
    ------
    ConfigError
        When there is no such network.
    """
    kind = config.network if config.network in NETWORKS else config.network.partition("-")[0] + "-"
    if kind not in NETWORKS:
        raise ConfigError(f"no network {config.network!r}", remedy=f"known networks: {', '.join(NETWORKS)}")
    return NETWORKS[kind](config, heads, config.encoder_weights if load_weights else "none")


@_register("unet")
def _unet(config: TrainConfig, heads: Heads, weights: str) -> nn.Module:
    """U-Net on a timm encoder, with hooke's fast decoder (resolution: half) or a usual one (full)."""
    return UNet(config.encoder, heads, config.decoder_channels, config.in_channels, weights, config.resolution)


@_register("plain-unet")
def _plain_unet(config: TrainConfig, heads: Heads, weights: str) -> nn.Module:
    """U-Net as published, from scratch; decoder_channels are its levels' widths, the deepest first."""
    return PlainUNet(heads, list(reversed(config.decoder_channels)), config.in_channels)


@_register("smp-")
def _smp(config: TrainConfig, heads: Heads, weights: str) -> nn.Module:
    """Any architecture of segmentation-models-pytorch by its name, such as smp-fpn, on a timm encoder."""
    architecture = config.network.removeprefix("smp-")
    return SmpNetwork(architecture, config.encoder, heads, config.in_channels, weights)
