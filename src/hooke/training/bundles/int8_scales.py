"""Chooses how a network is rounded to 8-bit integers: the scale of each tensor, and biases that make up for rounding.

Processors without instructions for 8-bit products (x86 with AVX2 alone) multiply bytes in pairs and add the two
products in 16 bits, which cuts off what is larger. So weights are scaled such that no pair can reach that: the
integers are then summed exactly, and every processor finds the same. It costs less precision than seven bits for all
weights would, since only the channels that hold such a pair get a larger scale.

Activations beyond a share of the extremes seen are cut off where that lessens the squared error (Banner, Nahshan and
Soudry 2019, "Post training 4-bit quantization of convolutional networks for rapid-deployment", NeurIPS), but not by
more than a seventh: diameters depend on the largest. Biases take up the mean error that rounded weights make (Nagel et
al. 2019, "Data-free quantization through weight equalization and bias correction", ICCV, section 4.2).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

from hooke.models.runtime import onnxruntime

Floats = NDArray[np.float32]

_LARGEST = 127  # of a weight
_LARGEST_SUM = 128  # of two: 255 · 128 is below 2**15, 255 · 129 is not
_STEPS = 255  # between the ends of an activation's range
_SHARES = (1.0, 0.95, 0.9, 0.85)  # of the extremes, that are tried as ends of a range
_SAMPLE = 10_000  # values of each activation and tile that decide its range
#: Operators after which a range may be narrowed: others hand on the numbers that they get, with the scale of these.
_OPERATORS = ("Conv", "Relu", "Clip", "Add", "Concat")


@dataclass
class _Seen:
    """What a tensor held in all tiles: its extremes, some values, the mean of each channel."""

    low: float = 0.0
    high: float = 0.0
    values: list[Floats] = field(default_factory=list)
    means: list[Floats] = field(default_factory=list)

    def add(self, made: Floats, rng: np.random.Generator) -> None:
        self.low, self.high = min(self.low, float(made.min())), max(self.high, float(made.max()))
        self.values.append(rng.choice(made.ravel(), _SAMPLE))
        self.means.append(made.mean(axis=(0, 2, 3)))


def choose_scales(
    network: onnx.ModelProto, feeds: Sequence[Mapping[str, Floats]], in_float: Sequence[str]
) -> dict[str, list[dict[str, Any]]]:
    """Choose scales, and correct the biases in place.

    Parameters
    ----------
    network : onnx.ModelProto
        In 32 bits; its biases are changed.
    feeds : sequence of dict
        What the network is shown.
    in_float : sequence of str
        Names of the operators that are not rounded.

    Returns
    -------
    dict
        As ONNX Runtime's option ``TensorQuantOverrides`` has it.
    """
    graph = network.graph
    rounded = [node for node in graph.node if node.name not in set(in_float)]
    convolutions = [node for node in rounded if node.op_type == "Conv"]
    ends = [node.output[0] for node in rounded if node.op_type in _OPERATORS]
    seen = _look(network, feeds, list(dict.fromkeys([*ends, *(node.input[0] for node in convolutions)])))
    chosen: dict[str, list[dict[str, Any]]] = {}
    for name in ends:
        share = best_share(np.concatenate(seen[name].values), seen[name].low, seen[name].high)
        chosen[name] = [{"rmin": np.float32(share * seen[name].low), "rmax": np.float32(share * seen[name].high)}]
    for node, kernel, bias in _kernels(graph, convolutions):
        weights = onnx.numpy_helper.to_array(kernel)
        scales = weight_scales(weights)
        chosen[kernel.name] = [{"axis": 0, "scale": scale, "zero_point": np.int8(0)} for scale in scales]
        error = round_weights(weights, scales) - weights
        off = mean_error(error, np.mean(seen[node.input[0]].means, axis=0), _groups_of(node))
        bias.CopyFrom(onnx.numpy_helper.from_array(onnx.numpy_helper.to_array(bias) - off, bias.name))
    return chosen


def weight_scales(weights: Floats) -> Floats:
    """Scale of each output channel, such that no sum of two products with bytes exceeds 16 bits.

    Pairs are of neighbouring input channels. Depthwise convolutions are summed otherwise, and their pairs don't count.

    Parameters
    ----------
    weights : ndarray of float32, shape (outputs, inputs, Y, X)
        Depthwise ones have one input.

    Returns
    -------
    ndarray of float32, shape (outputs,)

    Examples
    --------
    >>> weights = np.array([[1, 0], [1, -1], [1, 1]], np.float32)[:, :, None, None]
    >>> (1 / weight_scales(weights)).tolist()
    [127.0, 127.0, 64.0]
    """
    scales = np.maximum(np.abs(weights).max(axis=(1, 2, 3)), 1e-6) / _LARGEST
    if weights.shape[1] > 1:
        scales = np.maximum(scales, _largest_pair(weights) / _LARGEST_SUM)
        # Two that are both rounded up may reach one more; a scale that much larger leaves room for that.
        over = _largest_pair(_integers(weights, scales)) > _LARGEST_SUM
        scales = np.where(over, _largest_pair(weights) / (_LARGEST_SUM - 1), scales)
    return np.asarray(scales, np.float32)


def _largest_pair(weights: Floats) -> Floats:
    """Largest sum of two neighbouring weights, without its sign, of each output channel."""
    rows = weights.transpose(0, 2, 3, 1).reshape(len(weights), -1)
    pairs = np.pad(rows, ((0, 0), (0, rows.shape[1] % 2))).reshape(len(rows), -1, 2).sum(axis=2)
    return np.asarray(np.abs(pairs).max(axis=1), np.float32)


def _integers(weights: Floats, scales: NDArray[np.floating]) -> Floats:
    steps = scales[:, None, None, None]
    return np.asarray(np.clip(np.rint(weights / steps), -_LARGEST, _LARGEST), np.float32)


def round_weights(weights: Floats, scales: Floats) -> Floats:
    """Weights as the integers stand for them, in the same shape."""
    return np.asarray(_integers(weights, scales) * scales[:, None, None, None], np.float32)


def mean_error(error: Floats, means: Floats, groups: int) -> Floats:
    """How much a convolution's outputs are too large on average.

    Parameters
    ----------
    error : ndarray of float32, shape (outputs, inputs per group, Y, X)
        Of the weights.
    means : ndarray of float32, shape (inputs,)
        What the convolution is shown, on average.
    groups : int

    Returns
    -------
    ndarray of float32, shape (outputs,)
    """
    shown = np.repeat(means.reshape(groups, -1), len(error) // groups, axis=0)
    return np.asarray((error.sum(axis=(2, 3)) * shown).sum(axis=1), np.float32)


def best_share(values: Floats, low: float, high: float) -> float:
    """Share of the extremes that makes the least squared error when all beyond is cut off.

    Parameters
    ----------
    values : ndarray of float32
    low, high : float
        The extremes: not above 0, and not below.
    """
    if high <= low:
        return 1.0
    errors = []
    for share in _SHARES:
        step = share * (high - low) / _STEPS
        zero = np.rint(-share * low / step)
        rounded = (np.clip(np.rint(values / step) + zero, 0, _STEPS) - zero) * step
        errors.append(float(np.square(rounded - values).mean()))
    return _SHARES[int(np.argmin(errors))]


def _groups_of(node: onnx.NodeProto) -> int:
    """Groups of a convolution."""
    return next((attribute.i for attribute in node.attribute if attribute.name == "group"), 1)


def _look(network: onnx.ModelProto, feeds: Sequence[Mapping[str, Floats]], names: list[str]) -> dict[str, _Seen]:
    """Run the network and keep what some tensors held."""
    watched = onnx.ModelProto()
    watched.CopyFrom(network)
    there = {output.name for output in watched.graph.output}
    given = {image.name for image in watched.graph.input}
    made = [name for name in names if name not in given]
    watched.graph.output.extend(onnx.helper.make_empty_tensor_value_info(name) for name in made if name not in there)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(watched.SerializeToString(), options, providers=["CPUExecutionProvider"])
    seen = {name: _Seen() for name in names}
    if not made:
        return seen
    rng = np.random.default_rng(0)
    for feed in feeds:
        held = dict(feed) | dict(zip(made, session.run(made, dict(feed)), strict=True))
        for name in names:
            seen[name].add(held[name], rng)
    return seen


def _kernels(
    graph: onnx.GraphProto, convolutions: Sequence[onnx.NodeProto]
) -> Iterator[tuple[onnx.NodeProto, onnx.TensorProto, onnx.TensorProto]]:
    """Weights of each convolution, and a bias of its own: one without gets zeros, a shared one is copied."""
    stored = {tensor.name: tensor for tensor in graph.initializer}
    uses = Counter(name for node in graph.node for name in node.input)
    for node in convolutions:
        kernel = stored.get(node.input[1])
        if kernel is None:
            continue
        if len(node.input) < 3 or uses[node.input[2]] > 1:
            zeros = np.zeros(kernel.dims[0], np.float32)
            values = onnx.numpy_helper.to_array(stored[node.input[2]]) if len(node.input) > 2 else zeros
            graph.initializer.append(onnx.numpy_helper.from_array(values, f"{node.output[0]}_bias"))
            stored[graph.initializer[-1].name] = graph.initializer[-1]
            node.input[2:] = [graph.initializer[-1].name]
        yield node, kernel, stored[node.input[2]]
