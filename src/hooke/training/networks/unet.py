"""U-Net on a timm encoder whose decoder stops at half resolution; its maps have the size of the image.

A second, shallow path hands the decoder the image's own detail at that resolution, so that outlines of small objects
keep what the encoder has thrown away by then. The last step to full resolution is a pixel shuffle (Shi et al. 2016,
"Real-time single image and video super-resolution using an efficient sub-pixel convolutional neural network"): at full
resolution no convolution is computed at all, and it is there that a U-Net spends half of its time.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from hooke.errors import ConfigError
from hooke.training.networks.encoder import make_encoder
from hooke.training.networks.encoder_weights import load_encoder_weights
from hooke.training.networks.outputs import Heads, Outputs

Resolution = Literal["half", "full"]

_DETAIL = 12  # channels of the shallow path: as many numbers as a 2 by 2 patch of colour pixels holds
_FULL_WIDTH = 16  # channels of the step at full resolution, where there is one
_STRIDES = [2, 4, 8, 16, 32]


class UNet(nn.Module):
    """U-Net (Ronneberger et al. 2015) with a pretrained encoder and a light decoder.

    Parameters
    ----------
    encoder : str
        Name of a timm model that offers ``features_only`` at strides 2, 4, 8, 16 and 32.
    heads : Heads
        A class head has a decoder of its own, half as wide, on the same encoder; the image's classes are read from the
        deepest features.
    decoder_channels : sequence of int
        Width of each decoder step, from the deepest to the one at half resolution.
    in_channels : int
        Channels of the input.
    weights : str
        ``"imagenet"``, ``"none"``, or the path of a safetensors file for the encoder.
    resolution : {"half", "full"}
        ``"full"`` ends in a convolution at full resolution instead of the pixel shuffle: slower.

    Raises
    ------
    ConfigError
        When there is no such encoder, it has other strides, or the decoder does not have a width for each of its steps.

    Notes
    -----
    Input ``(N, in_channels, Y, X)``, both sides multiples of 32.
    """

    stride = 32

    def __init__(
        self,
        encoder: str,
        heads: Heads,
        decoder_channels: Sequence[int] = (128, 96, 64, 40),
        in_channels: int = 3,
        weights: str = "imagenet",
        resolution: Resolution = "half",
    ) -> None:
        super().__init__()
        self.encoder = make_encoder(encoder, in_channels)
        features: Any = self.encoder.feature_info
        if features.reduction() != _STRIDES:
            cause = f"encoder {encoder!r} has features at strides {features.reduction()}, not {_STRIDES}"
            raise ConfigError(cause, remedy="choose another: hooke train --list names some")
        load_encoder_weights(self.encoder, encoder, weights)
        skips: list[int] = features.channels()
        self.detail = nn.Sequential(
            nn.Conv2d(in_channels, _DETAIL, kernel_size=2, stride=2, bias=False), nn.BatchNorm2d(_DETAIL), nn.ReLU()
        )
        skips[0] += _DETAIL
        self.decoder = _steps(skips, decoder_channels)
        self.head = _head(decoder_channels[-1], heads.maps, resolution)
        self.shuffle = nn.PixelShuffle(2) if resolution == "half" else nn.Identity()
        if heads.classes:
            widths = [max(16, width // 2) for width in decoder_channels]
            self.class_decoder = _steps(skips, widths)
            # Background is a class of its own here: one more than the given classes.
            self.class_head = _head(widths[-1], heads.classes + 1, resolution)
        if heads.image_classes:
            self.image_head = nn.Linear(skips[-1], heads.image_classes)
        self.heads = heads

    def forward(self, image: Tensor) -> Outputs:
        """Raw outputs of one batch; the class head's first channel is the background."""
        finest, *skips, deepest = self.encoder(image)
        skips = [torch.cat([finest, self.detail(image)], dim=1), *skips]
        maps = self.shuffle(self.head(_climb(self.decoder, deepest, skips)))
        classes = image_classes = None
        if self.heads.classes:
            classes = self.shuffle(self.class_head(_climb(self.class_decoder, deepest, skips)))
        if self.heads.image_classes:
            image_classes = self.image_head(deepest.mean(dim=(2, 3)))
        return Outputs(maps, classes, image_classes)


class _DecoderStep(nn.Module):
    """Doubles the resolution: project, upsample, join the skip, two convolutions."""

    def __init__(self, below: int, skip: int, width: int) -> None:
        super().__init__()
        # Projecting before the upsampling costs a quarter of projecting after it.
        self.project = nn.Conv2d(below, width, kernel_size=1, bias=False)
        self.join = _convolve(width + skip, width)
        self.refine = _convolve(width, width)

    def forward(self, below: Tensor, skip: Tensor) -> Tensor:
        raised = functional.interpolate(self.project(below), scale_factor=2.0, mode="nearest")
        refined: Tensor = self.refine(self.join(torch.cat([raised, skip], dim=1)))
        return refined


def _steps(skips: Sequence[int], widths: Sequence[int]) -> nn.ModuleList:
    """Decoder steps from the deepest features up."""
    if len(widths) != len(skips) - 1:
        cause = f"decoder_channels has {len(widths)} widths for {len(skips) - 1} steps"
        raise ConfigError(cause, remedy="give a width for each step, the deepest first")
    steps = []
    below = skips[-1]
    for skip, width in zip(reversed(skips[:-1]), widths, strict=True):
        steps.append(_DecoderStep(below, skip, width))
        below = width
    return nn.ModuleList(steps)


def _climb(steps: nn.ModuleList, deepest: Tensor, skips: Sequence[Tensor]) -> Tensor:
    maps = deepest
    for step, skip in zip(steps, reversed(skips), strict=True):
        maps = step(maps, skip)
    return maps


def _head(width: int, outputs: int, resolution: Resolution) -> nn.Module:
    if resolution == "half":
        return nn.Conv2d(width, outputs * 4, kernel_size=3, padding=1)
    return nn.Sequential(
        nn.Upsample(scale_factor=2.0, mode="nearest"),
        _convolve(width, _FULL_WIDTH),
        nn.Conv2d(_FULL_WIDTH, outputs, kernel_size=3, padding=1),
    )


def _convolve(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel_size=3, padding=1, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(inplace=True),
    )
