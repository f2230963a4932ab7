"""The plain U-Net, trained from scratch: no pretrained encoder, every level at full width."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from hooke.training.networks.outputs import Heads, Outputs


class PlainUNet(nn.Module):
    """U-Net as published (Ronneberger et al. 2015), with batch normalisation and padded convolutions.

    Parameters
    ----------
    heads : Heads
        All heads share the one decoder.
    channels : sequence of int
        Width of each level, from full resolution down; each further level halves the resolution.
    in_channels : int

    Notes
    -----
    Input ``(N, in_channels, Y, X)``, both sides multiples of ``stride``.
    """

    def __init__(self, heads: Heads, channels: Sequence[int] = (16, 32, 64, 128, 256), in_channels: int = 3) -> None:
        super().__init__()
        self.stride = 2 ** (len(channels) - 1)
        inputs = [in_channels, *channels[:-1]]
        self.down = nn.ModuleList(_double(before, width) for before, width in zip(inputs, channels, strict=True))
        pairs = list(zip(reversed(channels[1:]), reversed(channels[:-1]), strict=True))
        self.raise_ = nn.ModuleList(nn.ConvTranspose2d(below, width, 2, stride=2) for below, width in pairs)
        self.up = nn.ModuleList(_double(2 * width, width) for _, width in pairs)
        self.head = nn.Conv2d(channels[0], heads.maps, kernel_size=1)
        self.class_head = nn.Conv2d(channels[0], heads.classes + 1, kernel_size=1) if heads.classes else None
        self.image_head = nn.Linear(channels[-1], heads.image_classes) if heads.image_classes else None

    def forward(self, image: Tensor) -> Outputs:
        """Raw outputs of one batch; the class head's first channel is the background."""
        levels = [self.down[0](image)]
        for level in self.down[1:]:
            levels.append(level(functional.max_pool2d(levels[-1], 2)))
        deepest = features = levels.pop()
        for raised, joined in zip(self.raise_, self.up, strict=True):
            features = joined(torch.cat([raised(features), levels.pop()], dim=1))
        classes = self.class_head(features) if self.class_head is not None else None
        image_classes = self.image_head(deepest.mean(dim=(2, 3))) if self.image_head is not None else None
        return Outputs(self.head(features), classes, image_classes)


def _double(inputs: int, outputs: int) -> nn.Sequential:
    layers: list[nn.Module] = []
    for before in (inputs, outputs):
        layers += [nn.Conv2d(before, outputs, 3, padding=1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU(inplace=True)]
    return nn.Sequential(*layers)
