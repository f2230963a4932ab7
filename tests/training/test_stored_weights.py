"""Weights stored in 16 or 8 bits: smaller files that give the same answers, to within their rounding."""

import hashlib

import numpy as np
import pytest
import yaml

pytest.importorskip("torch")
onnx = pytest.importorskip("onnx")

from onnx import TensorProto, helper, numpy_helper  # noqa: E402

from hooke.models.runtime import onnxruntime  # noqa: E402
from hooke.training.bundles.stored_weights import store_compact, store_half  # noqa: E402


def write_bundle(folder, weights, bias):
    """A bundle of one convolution, and what it makes of its test input."""
    folder.mkdir()
    graph = helper.make_graph(
        [helper.make_node("Conv", ["image", "w", "b"], ["maps"], pads=[1, 1, 1, 1])],
        "one convolution",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 3, 8, 8])],
        [helper.make_tensor_value_info("maps", TensorProto.FLOAT, [1, 64, 8, 8])],
        [numpy_helper.from_array(weights, "w"), numpy_helper.from_array(bias, "b")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(model, str(folder / "weights.onnx"))
    image = np.random.default_rng(1).random((1, 3, 8, 8), np.float32)
    np.save(folder / "test_input.npy", image)
    np.save(folder / "test_output.npy", answer(folder))
    description = {
        "inputs": [{"id": "image", "test_tensor": {"source": "test_input.npy"}}],
        "outputs": [{"id": "maps", "test_tensor": {"source": "test_output.npy", "sha256": "old"}}],
        "weights": {"onnx": {"source": "weights.onnx", "sha256": "old"}},
    }
    (folder / "rdf.yaml").write_text(yaml.safe_dump(description))
    return folder


def answer(folder):
    session = onnxruntime.InferenceSession(str(folder / "weights.onnx"))
    return session.run(None, {"image": np.load(folder / "test_input.npy")})[0]


@pytest.fixture
def weights():
    return np.random.default_rng(0).normal(0, 0.1, (64, 3, 3, 3)).astype(np.float32)


def test_the_file_shrinks_and_the_answer_is_that_of_the_rounded_weights(tmp_path, weights):
    bias = np.full(64, 1 / 3, np.float32)
    bundle = write_bundle(tmp_path / "bundle", weights, bias)
    before, size = answer(bundle), (bundle / "weights.onnx").stat().st_size
    changed = store_half(bundle)
    after = answer(bundle)
    assert (bundle / "weights.onnx").stat().st_size < 0.6 * size
    assert 0 < changed < 1e-3
    assert changed == pytest.approx(np.abs(after - before).max(), rel=1e-6)
    rounded = write_bundle(tmp_path / "rounded", weights.astype(np.float16).astype(np.float32), bias)
    np.testing.assert_allclose(after, answer(rounded), atol=1e-6)
    assert not list(tmp_path.glob("*.partial"))


def test_the_description_and_the_test_output_follow(tmp_path, weights):
    bundle = write_bundle(tmp_path / "bundle", weights, np.zeros(64, np.float32))
    store_half(bundle)
    description = yaml.safe_load((bundle / "rdf.yaml").read_text())
    told = {"weights.onnx": description["weights"]["onnx"], "test_output.npy": description["outputs"][0]["test_tensor"]}
    for name, one in told.items():
        assert one["sha256"] == hashlib.sha256((bundle / name).read_bytes()).hexdigest()
    np.testing.assert_array_equal(np.load(bundle / "test_output.npy"), answer(bundle))


def test_doing_it_twice_changes_nothing_more(tmp_path, weights):
    bundle = write_bundle(tmp_path / "bundle", weights, np.zeros(64, np.float32))
    store_half(bundle)
    once = (bundle / "weights.onnx").read_bytes()
    assert store_half(bundle) == 0
    assert (bundle / "weights.onnx").read_bytes() == once


def test_a_weight_beyond_16_bits_stays_in_32(tmp_path, weights):
    weights[0, 0, 0, 0] = 1e5
    bundle = write_bundle(tmp_path / "bundle", weights, np.zeros(64, np.float32))
    assert store_half(bundle) == 0
    assert np.isfinite(answer(bundle)).all()


def widened(weights):
    """Weights as 8 bits hold them: each output channel has 127 steps on either side of 0."""
    scale = np.abs(weights).reshape(len(weights), -1).max(axis=1)[:, None, None, None] / np.float32(127)
    return np.rint(weights / scale) * scale


@pytest.mark.parametrize("halved_before", [False, True])
def test_8_bits_take_a_quarter_and_each_channel_has_its_own_scale(tmp_path, weights, halved_before):
    weights = weights * np.geomspace(0.001, 1, 64, dtype=np.float32)[:, None, None, None]
    bundle = write_bundle(tmp_path / "bundle", weights, np.zeros(64, np.float32))
    before, size = answer(bundle), (bundle / "weights.onnx").stat().st_size
    if halved_before:
        store_half(bundle)
        weights = weights.astype(np.float16).astype(np.float32)
    out = tmp_path / "compact"
    changed = store_compact(bundle, out)
    assert (out / "weights.onnx").stat().st_size < 0.4 * size
    assert (bundle / "weights.onnx").stat().st_size > 0.5 * size
    expected = answer(write_bundle(tmp_path / "rounded", widened(weights).astype(np.float32), np.zeros(64, np.float32)))
    np.testing.assert_allclose(answer(out), expected, atol=1e-6)
    assert changed == pytest.approx(np.abs(answer(out) - before).max(), rel=0.05)
    np.testing.assert_array_equal(np.load(out / "test_output.npy"), answer(out))
    assert store_compact(out) < 1e-6


def test_channels_without_weights_stay_0_in_8_bits(tmp_path, weights):
    weights[3] = 0
    bundle = write_bundle(tmp_path / "bundle", weights, np.full(64, 0.5, np.float32))
    store_compact(bundle)
    np.testing.assert_allclose(answer(bundle)[0, 3], 0.5)
