"""The network of the task `coordinate`: it takes an image and (x, y) queries and predicts what is at each.

A global encoder sees the whole image, coarsely; a local encoder makes feature maps, of which a patch around each query
is pooled; the query's coordinate is embedded by sines and cosines and a small network. A head joins all three, for
all queries at once.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional
from torchvision.ops import roi_align

_LOCAL_STRIDE = 4  # image pixels per pixel of the feature maps that patches are pooled from
_GLOBAL_STRIDE = 4  # the global encoder sees the image this much smaller
_DEEPEST = 16  # stride of the local encoder's coarsest features: sides of its input are multiples


@dataclass(frozen=True)
class CoordinateShape:
    """Sizes of a `CoordinateNetwork`, and which of its parts it has.

    Parameters
    ----------
    frame : int
        Pixels that become 1 in the embedded coordinates: the longer side of the images trained on.
    answers : int
        Values for each query.
    in_channels : int
        Of the image.
    width : int
        Channels of the local encoder's finest features; the coarser ones have 2 and 4 times as many.
    features : int
        Channels of the feature maps that patches are pooled from.
    patch : float
        Side of the patch around a query, pixels.
    bins : int
        A patch is pooled to this many bins along each axis.
    head : int
        Width of the head.
    use_global, use_coordinate, use_patch : bool
        False leaves a part out, to see whether it earns its place.
    """

    frame: int
    answers: int = 2
    in_channels: int = 3
    width: int = 24
    features: int = 24
    patch: float = 24.0
    bins: int = 5
    head: int = 64
    use_global: bool = True
    use_coordinate: bool = True
    use_patch: bool = True


class CoordinateNetwork(nn.Module):
    """See this file's head.

    Parameters
    ----------
    shape : CoordinateShape

    Raises
    ------
    ValueError
        When no part is left.
    """

    stride = _DEEPEST

    def __init__(self, shape: CoordinateShape) -> None:
        super().__init__()
        if not (shape.use_global or shape.use_coordinate or shape.use_patch):
            raise ValueError("a network without any part predicts nothing")
        self.shape = shape
        width = shape.head
        # Each part is brought to the head's width and all are added, which is what a linear layer on all of them
        # joined would do, without copying what is the same for every query.
        if shape.use_global:
            self.global_encoder = _GlobalEncoder(shape.in_channels, shape.width)
            self.from_global = nn.Linear(self.global_encoder.channels, width)
        if shape.use_coordinate:
            self.coordinate = _CoordinateEmbedding(width)
        if shape.use_patch:
            self.local_encoder = _LocalEncoder(shape.in_channels, shape.width, shape.features)
            self.from_patch = nn.Linear(shape.features * shape.bins**2, width)
        self.head = nn.Sequential(nn.ReLU(), nn.Linear(width, width), nn.ReLU(), nn.Linear(width, shape.answers))

    def forward(self, image: Tensor, queries: Tensor) -> Tensor:
        """Answers for one batch of images, each with its queries.

        Parameters
        ----------
        image : Tensor, shape (N, C, Y, X)
            Sides are multiples of `stride`.
        queries : Tensor, shape (N, Q, 2)
            (x, y) in pixels, (0, 0) the middle of the top-left pixel.

        Returns
        -------
        Tensor, shape (N, Q, answers)
            Raw values (logits).
        """
        parts = []
        if self.shape.use_global:
            parts.append(self.from_global(self.global_encoder(image))[:, None])
        if self.shape.use_coordinate:
            parts.append(self.coordinate(queries / self.shape.frame))
        if self.shape.use_patch:
            parts.append(self._pooled(self.local_encoder(image), queries))
        # A network of the global part alone gives each query of an image the same answer.
        joined = sum(parts) + torch.zeros_like(queries[..., :1])
        answers: Tensor = self.head(joined)
        return answers

    def _pooled(self, features: Tensor, queries: Tensor) -> Tensor:
        """Pool the patch around each query and bring it to the head's width, shape (N, Q, head)."""
        shape = self.shape
        batch = torch.arange(queries.shape[0], dtype=queries.dtype, device=queries.device)
        owner = batch[:, None, None].expand(-1, queries.shape[1], 1)
        # A pixel's middle lies half a pixel from its edges, between which boxes are measured.
        middle = queries + 0.5
        half = shape.patch / 2
        boxes = torch.cat([owner, middle - half, middle + half], dim=2).reshape(-1, 5)
        patches = roi_align(features, boxes, shape.bins, 1 / _LOCAL_STRIDE, sampling_ratio=1, aligned=True)
        pooled: Tensor = self.from_patch(patches.flatten(1))
        return pooled.reshape(queries.shape[0], queries.shape[1], shape.head)


class _GlobalEncoder(nn.Module):
    """The whole image, coarsely, to one vector: means and maxima of its deepest features."""

    def __init__(self, in_channels: int, width: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.AvgPool2d(_GLOBAL_STRIDE),
            _convolve(in_channels, width, stride=2),
            _convolve(width, 2 * width, stride=2),
            _convolve(2 * width, 4 * width, stride=2),
        )
        self.channels = 8 * width

    def forward(self, image: Tensor) -> Tensor:
        deep = self.layers(image)
        return torch.cat([deep.mean(dim=(2, 3)), deep.amax(dim=(2, 3))], dim=1)


class _LocalEncoder(nn.Module):
    """Feature maps at a quarter of the image's resolution, made of finer ones and of three coarser scales' views."""

    def __init__(self, in_channels: int, width: int, features: int) -> None:
        super().__init__()
        fine, middle, coarse = width, 2 * width, 4 * width
        self.to_half = nn.Sequential(_convolve(in_channels, fine, stride=2), _convolve(fine, fine))
        self.to_quarter = nn.Sequential(_convolve(fine, middle, stride=2), _convolve(middle, middle))
        self.to_eighth = nn.Sequential(_convolve(middle, coarse, stride=2), _convolve(coarse, coarse))
        self.to_sixteenth = nn.Sequential(_convolve(coarse, coarse, stride=2), _convolve(coarse, coarse))
        # The finest features keep their resolution as channels: four neighbours become one pixel of four times more.
        self.sides = nn.ModuleList(nn.Conv2d(channels, middle, 1) for channels in (4 * fine, middle, coarse, coarse))
        self.join = nn.Sequential(_convolve(middle, middle), _convolve(middle, features))

    def forward(self, image: Tensor) -> Tensor:
        half = self.to_half(image)
        quarter = self.to_quarter(half)
        eighth = self.to_eighth(quarter)
        sixteenth = self.to_sixteenth(eighth)
        fine, *coarser = (
            side(features)
            for side, features in zip(
                self.sides, (functional.pixel_unshuffle(half, 2), quarter, eighth, sixteenth), strict=True
            )
        )
        raised = coarser[2]
        for features in (coarser[1], coarser[0]):
            raised = features + functional.interpolate(raised, scale_factor=2.0, mode="nearest")
        joined: Tensor = self.join(fine + raised)
        return joined


class _CoordinateEmbedding(nn.Module):
    """A place as sines and cosines of rising frequency (as in Vaswani et al. 2017, section 3.5), then two layers."""

    def __init__(self, width: int, octaves: int = 6) -> None:
        super().__init__()
        self.frequency: Tensor
        self.register_buffer("frequency", math.pi * 2.0 ** torch.arange(octaves), persistent=False)
        self.layers = nn.Sequential(nn.Linear(4 * octaves, 32), nn.ReLU(), nn.Linear(32, width))

    def forward(self, place: Tensor) -> Tensor:
        phase = (place[..., None] * self.frequency).flatten(-2)
        encoded: Tensor = self.layers(torch.cat([phase.sin(), phase.cos()], dim=-1))
        return encoded


def _convolve(inputs: int, outputs: int, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel_size=3, stride=stride, padding=1, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(inplace=True),
    )
