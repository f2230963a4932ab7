"""Weights in 8 bits are summed exactly by every processor, and biases make up for rounding."""

from __future__ import annotations

import numpy as np
import pytest

onnx = pytest.importorskip("onnx")

from hooke.models.runtime import load_quantization, onnxruntime  # noqa: E402
from hooke.training.bundles import int8_scales, int8_weights  # noqa: E402
from hooke.training.bundles.int8_scales import best_share, mean_error, round_weights, weight_scales  # noqa: E402

BYTE, LIMIT = 255, 2**15


@pytest.mark.parametrize("shape", [(5, 8, 3, 3), (5, 7, 3, 3), (4, 6, 1, 1), (3, 3, 1, 1)])
def test_no_pair_of_products_exceeds_16_bits(shape):
    weights = np.random.default_rng(0).uniform(0.5, 1, shape).astype(np.float32)  # all alike: the worst case
    weights[1] *= -1
    weights[2] = 1  # pairs fit exactly
    integers = np.rint(round_weights(weights, weight_scales(weights)) / weight_scales(weights)[:, None, None, None])
    rows = integers.transpose(0, 2, 3, 1).reshape(shape[0], -1)
    pairs = rows[:, : rows.shape[1] // 2 * 2].reshape(shape[0], -1, 2).sum(axis=2)
    assert BYTE * np.abs(pairs).max() < LIMIT
    assert np.abs(pairs).max() > 120  # no finer than has to be


def test_channels_without_such_a_pair_keep_all_eight_bits():
    weights = np.array([[1.0, -1.0], [0.5, 0.5], [0.9, 0.0]], np.float32)[:, :, None, None]
    np.testing.assert_allclose(weight_scales(weights) * 127, [1.0, 127 / 128, 0.9], rtol=1e-6)
    depthwise = np.ones((2, 1, 3, 3), np.float32)
    np.testing.assert_allclose(weight_scales(depthwise) * 127, [1.0, 1.0], rtol=1e-6)


def test_rare_extremes_are_cut_off_and_common_ones_are_not():
    rng = np.random.default_rng(0)
    assert best_share(rng.uniform(0, 1, 100_000).astype(np.float32), 0.0, 1.0) == 1.0
    assert best_share(rng.normal(0, 1, 100_000).astype(np.float32), -9.0, 9.0) < 1.0
    assert best_share(np.zeros(10, np.float32), 0.0, 0.0) == 1.0


@pytest.mark.parametrize("groups", [1, 2, 4])
def test_the_mean_error_is_what_a_convolution_makes_of_constant_channels(groups):
    rng = np.random.default_rng(groups)
    error = rng.normal(size=(8, 4 // groups, 3, 3)).astype(np.float32)
    means = rng.random(4).astype(np.float32)
    expected = [
        sum(error[output, k].sum() * means[output // (8 // groups) * (4 // groups) + k] for k in range(4 // groups))
        for output in range(8)
    ]
    np.testing.assert_allclose(mean_error(error, means, groups), expected, rtol=1e-4, atol=1e-5)


def convolution(kernel, bias):
    helper, kind = onnx.helper, onnx.TensorProto.FLOAT
    ends = [
        helper.make_tensor_value_info(name, kind, [1, count, "y", "x"]) for name, count in (("image", 8), ("maps", 4))
    ]
    inputs = ["image", "k"] + (["b"] if bias else [])
    stored = [onnx.numpy_helper.from_array(kernel, "k")]
    stored += [onnx.numpy_helper.from_array(np.full(4, 0.1, np.float32), "b")] if bias else []
    nodes = [helper.make_node("Conv", inputs, ["maps"], "conv", pads=[1, 1, 1, 1])]
    graph = helper.make_graph(nodes, "g", ends[:1], ends[1:], stored)
    return helper.make_model(graph, ir_version=8, opset_imports=[helper.make_opsetid("", 17)])


@pytest.mark.parametrize("bias", [True, False])
def test_a_bright_image_is_summed_exactly_and_right_on_average(bias, tmp_path):
    rng = np.random.default_rng(0)
    network = convolution(rng.uniform(0.5, 1, (4, 8, 3, 3)).astype(np.float32), bias)
    shown = [{"image": rng.uniform(0.8, 1, (1, 8, 32, 32)).astype(np.float32)} for _ in range(3)]
    session = onnxruntime.InferenceSession(network.SerializeToString(), providers=["CPUExecutionProvider"])
    exact = session.run(None, shown[0])[0]
    scales = int8_scales.choose_scales(network, shown, [])
    tool = load_quantization()
    onnx.helper.set_model_props(network, {"onnx.quant.pre_process": "onnxruntime.quant"})
    tool.quantize_static(
        network,
        tmp_path / "q.onnx",
        int8_weights._Reader(shown),
        per_channel=True,
        activation_type=tool.QuantType.QUInt8,
        weight_type=tool.QuantType.QInt8,
        extra_options={"TensorQuantOverrides": scales},
    )
    rounded = onnxruntime.InferenceSession(str(tmp_path / "q.onnx"), providers=["CPUExecutionProvider"])
    difference = rounded.run(None, shown[0])[0] - exact
    step = exact.max() / BYTE
    assert np.abs(difference).max() < 2 * step
    assert abs(difference[..., 1:-1, 1:-1].mean()) < 0.1 * step
