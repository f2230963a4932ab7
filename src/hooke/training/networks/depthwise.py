"""Trains depthwise convolutions in 16 bits on a processor without the slow part of their gradients.

On processors with bfloat16 units (AMX, AVX-512 BF16) PyTorch's dense convolutions run several times faster in 16 bits.
The gradients of depthwise ones do not: with a stride, or with kernels of 5 by 5, oneDNN falls back to code that takes 5
to 100 times as long as in single precision (PyTorch 2.15 with oneDNN 3.13, channels last), more than all the rest of a
step. Computed in single precision they cost next to nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from timm.layers.conv2d_same import Conv2dSame
from timm.layers.padding import pad_same
from torch import Tensor, nn
from torch.nn import functional


@contextmanager
def depthwise_gradients_in_single(network: nn.Module) -> Iterator[None]:
    """Compute the gradients of depthwise convolutions in single precision; the rest keeps its own.

    Parameters
    ----------
    network : Module
        Its layers keep their parameters and names; afterwards they are as before.
    """
    changed: list[tuple[nn.Module, type[nn.Module]]] = []
    for layer in network.modules():
        if type(layer) in (nn.Conv2d, Conv2dSame) and _is_depthwise(layer):
            changed.append((layer, type(layer)))
            # The class, not the instance's forward: deep copies, such as averaged weights, keep it.
            layer.__class__ = _DepthwiseSame if isinstance(layer, Conv2dSame) else _Depthwise
    try:
        yield
    finally:
        for layer, kind in changed:
            layer.__class__ = kind


def _is_depthwise(layer: nn.Module) -> bool:
    return (
        isinstance(layer, nn.Conv2d)
        and 1 < layer.groups == layer.in_channels == layer.out_channels
        and layer.bias is None
        and layer.dilation == (1, 1)
        and layer.padding_mode == "zeros"
        and not isinstance(layer.padding, str)
    )


class _Depthwise(nn.Conv2d):
    """A depthwise convolution under autocast; outside of it an ordinary one."""

    def forward(self, input: Tensor) -> Tensor:
        if not torch.is_autocast_enabled("cpu"):
            return super().forward(input)
        out: Tensor = _Convolve.apply(input, self.weight, self.stride, self.padding)
        return out


class _DepthwiseSame(_Depthwise):
    """The same for TensorFlow's padding."""

    def forward(self, input: Tensor) -> Tensor:
        kernel: Any = self.weight.shape[-2:]
        return super().forward(pad_same(input, kernel, list(self.stride), list(self.dilation)))


class _Convolve(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, image: Tensor, weight: Tensor, stride: tuple[int, int], padding: tuple[int, int]) -> Tensor:
        ctx.save_for_backward(image, weight)
        ctx.stride, ctx.padding = list(stride), list(padding)
        with torch.autocast("cpu", enabled=False):
            return functional.conv2d(image.bfloat16(), weight.bfloat16(), None, stride, padding, groups=weight.shape[0])

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, Tensor, None, None]:
        image, weight = ctx.saved_tensors
        of_image, of_weight, _ = torch.ops.aten.convolution_backward(
            gradients[0].float(),
            image.float(),
            weight.float().contiguous(memory_format=torch.channels_last),
            None,
            ctx.stride,
            ctx.padding,
            [1, 1],
            False,
            [0, 0],
            weight.shape[0],
            [ctx.needs_input_grad[0], True, False],
        )
        return of_image.to(image.dtype) if of_image is not None else None, of_weight.to(weight.dtype), None, None
