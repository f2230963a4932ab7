"""Restores a trainable network from a shipped model's ONNX weights, with its folded batch norms.

The exporter multiplies each batch norm into the convolution before it. Here the convolutions keep the products, and
the batch norms are set so that they change nothing: first by a mean of 0 and a variance of 1, then, once images have
gone through, by the mean and the variance that their inputs have, so that training finds them as it left them.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import numpy_helper
from torch import Tensor, nn

from hooke.errors import ConfigError


def load_shipped(network: nn.Module, bundle: Path, images: Tensor) -> list[str]:
    """Fill a network with the weights of a bundle, in place.

    Parameters
    ----------
    network : Module
        Of the same architecture as the bundle's.
    bundle : Path
        Folder of a bundle with ONNX weights.
    images : Tensor, shape (images, channels, height, width)
        Normalised images such as the network will be trained on, sides a multiple of 32.

    Returns
    -------
    list of str
        Parts of the network that predict classes, for which the bundle has no weights.

    Raises
    ------
    ConfigError
        When the network is of another architecture.
    """
    return load_weights(network, (bundle / "weights.onnx").read_bytes(), bundle, images)


def load_weights(network: nn.Module, weights: bytes, path: Path, images: Tensor, *, settle: bool = True) -> list[str]:
    """Fill a network with the weights of an ONNX file in memory: see `load_shipped`.

    Parameters
    ----------
    network : Module
    weights : bytes
    path : Path
        Of the bundle, to name it.
    images : Tensor
    settle : bool
        Whether batch norms get the moments of what they take in, for training in which they take each batch's. Where
        their moments stay, they are better 0 and 1: a step of the optimizer then changes each channel by as much.
    """
    parts = {name.partition(".")[0] for name, _ in network.named_parameters()}
    fresh = sorted(part for part in parts if part.startswith(("class_", "image_")))
    others = {id(layer) for part in fresh for layer in network.get_submodule(part).modules()}
    folded = _convolutions(weights)
    pairs = [pair for pair in _pairs(network, images[:1]) if id(pair[0]) not in others]
    try:
        if len(folded) != len(pairs):
            raise ValueError(f"{len(pairs)} convolutions, where the model has {len(folded)}")
        for (convolution, norm), (weight, bias) in zip(pairs, folded, strict=True):
            _fill(convolution, norm, torch.tensor(weight), None if bias is None else torch.tensor(bias))
    except ValueError as error:
        raise ConfigError(
            f"can't be started from: the network is another than this model's ({error})",
            path=path,
            remedy="take encoder and decoder_channels from configs/nuclei.yaml or configs/nuclei-colour.yaml",
        ) from error
    if settle:
        _settle(network, [norm for _, norm in pairs if norm is not None], images)
    return fresh


def _convolutions(weights: bytes) -> list[tuple[NDArray[np.float32], NDArray[np.float32] | None]]:
    """Weight and bias of each convolution, in the order in which they are computed; those of 16 or 8 bits widened."""
    graph = onnx.load_from_string(weights).graph
    values = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    for node in graph.node:
        if node.op_type == "Cast" and node.input[0] in values:
            values[node.output[0]] = values[node.input[0]].astype(np.float32)
        elif node.op_type == "DequantizeLinear" and node.input[0] in values:
            steps, scale = (values[name] for name in node.input[:2])
            values[node.output[0]] = steps.astype(np.float32) * scale.reshape(-1, *(1,) * (steps.ndim - 1))
        elif node.op_type == "Constant":
            values[node.output[0]] = numpy_helper.to_array(node.attribute[0].t)
    found = []
    for node in graph.node:
        if node.op_type == "Conv":
            weight, *bias = [values[name] for name in node.input[1:]]
            found.append((weight, bias[0] if bias else None))
    return found


def _pairs(network: nn.Module, images: Tensor) -> list[tuple[nn.Conv2d, nn.BatchNorm2d | None]]:
    """Each convolution in the order in which they are computed, with the batch norm that takes its output, if any."""
    order: list[nn.Conv2d] = []
    made: dict[int, int] = {}  # by the storage of an output, the convolution that made it
    after: dict[int, nn.BatchNorm2d] = {}

    def note(module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        if isinstance(module, nn.Conv2d):
            made[id(output)] = len(order)
            order.append(module)
            kept.append(output)  # or its number would be given to another
        elif (number := made.get(id(inputs[0]))) is not None:
            after[number] = module  # type: ignore[assignment]

    kept: list[Tensor] = []
    _watched(network, (nn.Conv2d, nn.BatchNorm2d), note, images)
    return [(convolution, after.get(number)) for number, convolution in enumerate(order)]


def _fill(convolution: nn.Conv2d, norm: nn.BatchNorm2d | None, weight: Tensor, bias: Tensor | None) -> None:
    if convolution.weight.shape != weight.shape:
        raise ValueError(
            f"a convolution of {tuple(convolution.weight.shape)}, where the model has {tuple(weight.shape)}"
        )
    with torch.no_grad():
        convolution.weight.copy_(weight)
        shift = torch.zeros(len(weight)) if bias is None else bias
        if norm is None:
            if convolution.bias is not None:
                convolution.bias.copy_(shift)
            return
        if convolution.bias is not None:
            convolution.bias.zero_()
        _set_moments(norm, torch.zeros_like(shift), torch.ones_like(shift))
        norm.weight.fill_((1.0 + norm.eps) ** 0.5)
        norm.bias.copy_(shift)


def _settle(network: nn.Module, norms: list[nn.BatchNorm2d], images: Tensor) -> None:
    """Give batch norms the mean and the variance of what they take in; what they give out stays the same."""
    moments: dict[int, tuple[Tensor, Tensor]] = {}

    def measure(module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        variance, mean = torch.var_mean(inputs[0], dim=(0, 2, 3), correction=0)
        moments[id(module)] = mean, variance

    _watched(network, nn.BatchNorm2d, measure, images)
    with torch.no_grad():
        for norm in norms:
            mean, variance = moments[id(norm)]
            _set_moments(norm, mean, variance)
            norm.weight.copy_((variance + norm.eps).sqrt())
            norm.bias.add_(mean)


def _set_moments(norm: nn.BatchNorm2d, mean: Tensor, variance: Tensor) -> None:
    assert norm.running_mean is not None and norm.running_var is not None
    norm.running_mean.copy_(mean)
    norm.running_var.copy_(variance)


def _watched(network: nn.Module, kinds: type | tuple[type, ...], watch: Callable[..., None], images: Tensor) -> None:
    """Let images through a network, as it predicts, with a hook on its modules of some kinds."""
    was_training = network.training
    hooks = [layer.register_forward_hook(watch) for layer in network.modules() if isinstance(layer, kinds)]
    try:
        with torch.no_grad():
            network.eval()(images)
    finally:
        for hook in hooks:
            hook.remove()
        network.train(was_training)
