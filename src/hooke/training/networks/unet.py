"""U-Net on a timm encoder whose decoder stops at half resolution: image in, maps of the same size out.

A second, shallow path hands the decoder the image's own detail at that resolution, so that outlines of small objects
keep what the encoder has thrown away by then. The last step to full resolution is a pixel shuffle (Shi et al. 2016,
"Real-time single image and video super-resolution using an efficient sub-pixel convolutional neural network"): at full
resolution no convolution is computed at all, and it is there that a U-Net spends half of its time.
"""

from __future__ import annotations

from collections.abc import Sequence

import timm
import torch
from torch import Tensor, nn
from torch.nn import functional

from hooke.training.networks.weights import load_encoder_weights

__all__ = ["UNet"]

_DETAIL = 12  # channels of the shallow path: as many numbers as a 2 by 2 patch of colour pixels holds


class UNet(nn.Module):
    """U-Net (Ronneberger et al. 2015) with a pretrained encoder and a light decoder.

    Parameters
    ----------
    encoder : str
        Name of a timm model that offers ``features_only``.
    out_channels : int
        Number of maps.
    decoder_channels : sequence of int
        Width of each decoder step, from the deepest to the one at half resolution.
    in_channels : int
        Channels of the input.
    weights : str
        ``"imagenet"``, ``"none"``, or the path of a safetensors file for the encoder.

    Notes
    -----
    Input ``(N, in_channels, Y, X)``, both sides multiples of 32; output ``(N, out_channels, Y, X)``, raw (logits).
    """

    stride = 32

    def __init__(
        self,
        encoder: str,
        out_channels: int,
        decoder_channels: Sequence[int] = (128, 96, 64, 40),
        in_channels: int = 3,
        weights: str = "imagenet",
    ) -> None:
        super().__init__()
        self.encoder = timm.create_model(encoder, features_only=True, pretrained=False, in_chans=in_channels)
        load_encoder_weights(self.encoder, encoder, weights)
        skips = self.encoder.feature_info.channels()
        self.detail = nn.Sequential(
            nn.Conv2d(in_channels, _DETAIL, kernel_size=2, stride=2, bias=False), nn.BatchNorm2d(_DETAIL), nn.ReLU()
        )
        skips[0] += _DETAIL
        steps = []
        below = skips[-1]
        for skip, width in zip(reversed(skips[:-1]), decoder_channels, strict=True):
            steps.append(_DecoderStep(below, skip, width))
            below = width
        self.decoder = nn.ModuleList(steps)
        self.head = nn.Conv2d(below, out_channels * 4, kernel_size=3, padding=1)
        self.shuffle = nn.PixelShuffle(2)

    def forward(self, image: Tensor) -> Tensor:
        """Maps of one batch."""
        finest, *skips, deepest = self.encoder(image)
        skips = [torch.cat([finest, self.detail(image)], dim=1), *skips]
        maps = deepest
        for step, skip in zip(self.decoder, reversed(skips), strict=True):
            maps = step(maps, skip)
        return self.shuffle(self.head(maps))


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
        return self.refine(self.join(torch.cat([raised, skip], dim=1)))


def _convolve(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel_size=3, padding=1, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(inplace=True),
    )
