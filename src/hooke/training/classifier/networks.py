"""Networks that classify a cut-out: the small strided one, and any timm encoder."""

from __future__ import annotations

from typing import Any

import timm
import torch
from torch import Tensor, nn

from hooke.errors import ConfigError
from hooke.training.classifier.config import ClassifierConfig
from hooke.training.networks.encoder import make_encoder
from hooke.training.networks.encoder_weights import load_encoder_weights


def build_classifier(config: ClassifierConfig, *, load_weights: bool = True) -> nn.Module:
    """Make the network that a configuration names.

    Raises
    ------
    ConfigError
        When timm has no such model.
    """
    count = len(config.classes)
    if config.network == "strided":
        return StridedClassifier(config.channels, config.widths, count, config.dropout)
    if not timm.is_model(config.network):
        raise ConfigError(f"no network {config.network!r}", remedy="use strided, or the name of a timm model")
    weights = config.encoder_weights if load_weights else "none"
    return EncoderClassifier(config.network, config.channels, count, config.dropout, weights)


class StridedClassifier(nn.Module):
    """Convolutions with stride 2 in place of pooling, then the mean over the places and one linear layer.

    Parameters
    ----------
    channels : int
        Of the input.
    widths : sequence of int
        Of each convolution.
    classes : int
    dropout : float
    """

    def __init__(self, channels: int, widths: list[int], classes: int, dropout: float) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for before, width in zip([channels, *widths[:-1]], widths, strict=True):
            layers += [
                nn.Conv2d(before, width, 3, stride=2, padding=1, bias=False),
                nn.BatchNorm2d(width),
                nn.ReLU(inplace=True),
            ]
        self.features = nn.Sequential(*layers)
        self.head = nn.Sequential(nn.Dropout(dropout), nn.Linear(widths[-1], classes))

    def forward(self, image: Tensor) -> Tensor:
        """Raw scores of the classes, shape (N, K)."""
        logits: Tensor = self.head(self.features(image).mean(dim=(2, 3)))
        return logits


class EncoderClassifier(nn.Module):
    """The deepest features of a timm encoder, their mean over the places, and one linear layer.

    Parameters
    ----------
    name : str
        Of the timm model.
    channels : int
        Of the input; other numbers than 3 are mixed to 3 first, so that pretrained weights fit.
    classes : int
    dropout : float
    weights : str
        See `hooke.training.networks.encoder_weights.load_encoder_weights`.
    """

    def __init__(self, name: str, channels: int, classes: int, dropout: float, weights: str) -> None:
        super().__init__()
        self.mix = nn.Identity() if channels == 3 else _mix(channels)
        self.encoder = make_encoder(name)
        load_encoder_weights(self.encoder, name, weights)
        features: Any = self.encoder.feature_info
        width: int = features.channels()[-1]
        self.head = nn.Sequential(nn.Dropout(dropout), nn.Linear(width, classes))

    def forward(self, image: Tensor) -> Tensor:
        """Raw scores of the classes, shape (N, K)."""
        logits: Tensor = self.head(self.encoder(self.mix(image))[-1].mean(dim=(2, 3)))
        return logits


def _mix(channels: int) -> nn.Conv2d:
    """A mix to three channels that begins as the image itself, without the mask."""
    mix = nn.Conv2d(channels, 3, 1)
    with torch.no_grad():
        weight = torch.zeros(3, channels)
        weight[:, :3] += torch.eye(3) if channels >= 3 else 0
        if channels < 3:
            weight[:, 0] = 1
        mix.weight.copy_(weight[..., None, None])
        if mix.bias is not None:
            mix.bias.zero_()
    return mix
