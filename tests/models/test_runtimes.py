"""Which runtime a network gets, why, and that the reference's results do not depend on the others."""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import yaml

from hooke.errors import ConfigError, ModelError
from hooke.image import Image
from hooke.models import RUNTIMES, Model, read_bundle, runtimes, session
from hooke.models.openvino_session import OpenVinoSession
from hooke.models.processor import flags_in, int8_instructions
from hooke.pipeline import SegmentOptions, describe_installation, segment
from hooke.pipeline.settings import run_settings, runtime_facts
from tests.models.small_bundles import describe, tiny_onnx, write

INSTRUCTIONS = (True, "the processor has avx512_vnni")


@pytest.fixture
def two(tmp_path):
    """A bundle with weights in 8 bits, whose network is another one, so that it shows which was run."""
    onnx = pytest.importorskip("onnx")
    weights = tiny_onnx()
    model = onnx.load_from_string(weights)
    kernel = model.graph.initializer[0]
    kernel.CopyFrom(onnx.numpy_helper.from_array(np.full((4, 3, 1, 1), 1 / 6, np.float32), kernel.name))
    int8 = model.SerializeToString()
    return write_both(tmp_path / "two", weights, int8)


def write_both(folder, weights, int8, **changed):
    import hashlib

    told = {"sha256": hashlib.sha256(int8).hexdigest(), "made_of": hashlib.sha256(weights).hexdigest(), **changed}
    write(folder, weights, describe(weights, int8=told))
    (folder / "weights-int8.onnx").write_bytes(int8)
    return folder


def answer(model):
    return float(model.network()(np.ones((1, 3, 32, 32), np.float32)).mean())


@pytest.mark.parametrize(
    ("reason", "name", "maps"), [(INSTRUCTIONS, "onnxruntime-int8", 0.5), ((False, "none"), "onnxruntime", 1.0)]
)
def test_int8_is_taken_where_the_processor_gains(two, monkeypatch, reason, name, maps):
    monkeypatch.setattr(session, "int8_reason", lambda: reason)
    model = Model(read_bundle(two))
    assert (model.runtime.name, model.runtime.why) == (name, reason[1])
    assert answer(model) == pytest.approx(maps)


@pytest.mark.parametrize(("gain", "name"), [(1.9, "onnxruntime-int8"), (1.1, "onnxruntime")])
def test_a_tile_is_timed_where_the_system_does_not_say(two, monkeypatch, gain, name):
    clock = iter(np.cumsum([*[1, gain] * 4, *[1, 1] * 4]).tolist())
    monkeypatch.setattr(session, "int8_reason", lambda: (None, ""))
    monkeypatch.setattr(session.time, "thread_time", lambda: next(clock))
    runtime = Model(read_bundle(two)).runtime
    assert runtime.name == name
    assert f"1/{gain}" in runtime.why


@pytest.mark.parametrize(
    ("flags", "gains", "said"),
    [
        ("flags: fma avx2 avx512_vnni", True, "avx512_vnni"),
        ("flags: fma avx avx2", True, "avx2"),
        ("flags: fma avx", False, "no instructions"),
        ("", None, "does not say"),
    ],
)
def test_int8_gains_on_processors_that_multiply_bytes(monkeypatch, flags, gains, said):
    monkeypatch.setattr(runtimes, "int8_instructions", lambda: flags_in(flags))
    found, why = runtimes.int8_reason()
    assert found is gains
    assert said in why


def test_the_reference_is_bit_identical_with_and_without_int8(two, tmp_path, monkeypatch):
    monkeypatch.setattr(session, "int8_reason", lambda: INSTRUCTIONS)
    pixels = np.random.default_rng(0).random((1, 3, 64, 96), np.float32)
    plain = Model(read_bundle(write(tmp_path / "plain", tiny_onnx())))
    both = Model(read_bundle(two))
    expected = plain.network()(pixels)
    np.testing.assert_array_equal(both.with_runtime("onnxruntime").network()(pixels), expected)
    assert not np.array_equal(both.network()(pixels), expected)
    assert plain.runtime.name == "onnxruntime"


def test_what_is_not_here_is_refused_with_a_remedy(two, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "openvino", None)
    plain = Model(read_bundle(write(tmp_path / "plain", tiny_onnx())))
    with pytest.raises(ConfigError, match="auto, onnxruntime, onnxruntime-int8"):
        plain.with_runtime("tpu")
    with pytest.raises(ModelError, match=r"hooke export --int8"):
        plain.with_runtime("onnxruntime-int8")
    with pytest.raises(ConfigError, match="onnxruntime-directml"):
        plain.with_runtime("directml")
    monkeypatch.setattr("hooke.models.runtimes.importlib.util.find_spec", lambda name: None)
    with pytest.raises(ConfigError, match=r"\[fast\]"):
        plain.with_runtime("openvino")


@pytest.mark.parametrize("antialias", [0, 1])
def test_openvino_is_refused_a_network_whose_smoothing_it_leaves_out(antialias):
    pytest.importorskip("openvino")
    onnx = pytest.importorskip("onnx")
    reference = pytest.importorskip("onnx.reference")
    helper, kind = onnx.helper, onnx.TensorProto.FLOAT
    scales = onnx.numpy_helper.from_array(np.array([1, 1, 0.25, 0.25], np.float32), "scales")
    shrink = helper.make_node("Resize", ["image", "", "scales"], ["maps"], mode="linear", antialias=antialias)
    given = helper.make_tensor_value_info("image", kind, [1, 1, 64, 64])
    graph = helper.make_graph(
        [shrink], "shrink", [given], [helper.make_tensor_value_info("maps", kind, None)], [scales]
    )
    weights = helper.make_model(graph, ir_version=9, opset_imports=[helper.make_opsetid("", 19)]).SerializeToString()
    stripes = np.zeros((1, 1, 64, 64), np.float32)
    stripes[..., ::4] = 1
    right = reference.ReferenceEvaluator(onnx.load_model_from_string(weights)).run(None, {"image": stripes})[0]
    if antialias:
        with pytest.raises(ConfigError, match="antialias"):
            OpenVinoSession(weights, 1)
    else:
        found = OpenVinoSession(weights, 1).run(None, {"image": stripes})[0]
        np.testing.assert_allclose(found, right, atol=0.02)


def test_a_package_for_graphics_cards_without_a_card_falls_back(two, monkeypatch):
    """The session of such a package runs on the processor, and says so only by the providers that it lists."""
    monkeypatch.setattr(session, "missing_runtime", lambda name: "")
    monkeypatch.setattr(session, "int8_reason", lambda: INSTRUCTIONS)
    model = Model(read_bundle(two))
    monkeypatch.setattr(session, "_PROVIDER_OPTIONS", {})
    monkeypatch.setitem(session.PROVIDERS, "cuda", "CPUExecutionProvider-not-there")

    def only_the_processor(weights, options, providers, enable_fallback):
        return SimpleNamespace(get_providers=lambda: ["CPUExecutionProvider"])

    monkeypatch.setattr(session.ort, "InferenceSession", only_the_processor)
    assert model.runtime.name == "onnxruntime-int8"
    with pytest.raises(ConfigError, match="finds no device"):
        model.with_runtime("cuda").network()


def test_a_graphics_card_is_taken_first(two, monkeypatch):
    asked = []
    monkeypatch.setattr(session, "missing_runtime", lambda name: "")

    def with_card(weights, options, providers, enable_fallback):
        asked.append(providers)
        providers = ["CUDAExecutionProvider", "CPUExecutionProvider"]
        return SimpleNamespace(get_providers=lambda: providers, get_inputs=lambda: [])

    monkeypatch.setattr(session.ort, "InferenceSession", with_card)
    assert Model(read_bundle(two)).runtime.name == "cuda"
    assert asked[0][0] == ("CUDAExecutionProvider", {"cudnn_conv_algo_search": "HEURISTIC", "use_tf32": "0"})


@pytest.mark.parametrize(
    ("changed", "cause"), [({"sha256": "0" * 64}, "checksum"), ({"made_of": "0" * 64}, "other weights")]
)
def test_int8_of_other_weights_or_damaged_is_refused(tmp_path, changed, cause):
    weights = tiny_onnx()
    with pytest.raises(ModelError, match=cause):
        read_bundle(write_both(tmp_path / "b", weights, weights, **changed))


def test_a_bundle_that_has_lost_its_int8_file_opens_with_a_warning(two):
    (two / "weights-int8.onnx").unlink()
    with pytest.warns(UserWarning, match="lacks its weights in 8 bits"):
        found = read_bundle(two)
    assert found.int8 is None
    assert found.weights == tiny_onnx()


def test_colour_without_int8_is_run_by_the_reference(two, monkeypatch):
    monkeypatch.setattr(session, "int8_reason", lambda: INSTRUCTIONS)
    description = yaml.safe_load((two / "rdf.yaml").read_text())
    description["config"]["hooke"]["colour_bundle"] = "colour"
    (two / "rdf.yaml").write_text(yaml.safe_dump(description))
    write(two / "colour", tiny_onnx())
    for model in (Model(read_bundle(two)), Model(read_bundle(two)).with_runtime("onnxruntime-int8")):
        facts = runtime_facts(model)
        assert {kind: one["name"] for kind, one in facts.items()} == {
            "grey": "onnxruntime-int8",
            "colour": "onnxruntime",
        }


def test_accurate_is_the_reference_and_is_refused_with_another():
    assert SegmentOptions(accurate=True).resolved_runtime == "onnxruntime"
    assert SegmentOptions(runtime="onnxruntime", accurate=True).resolved_runtime == "onnxruntime"
    with pytest.raises(ConfigError, match="accurate"):
        SegmentOptions(runtime="onnxruntime-int8", accurate=True)
    with pytest.raises(ConfigError, match="runtime is 'gpu'"):
        SegmentOptions(runtime="gpu")


def test_the_option_reaches_the_network(two, monkeypatch):
    monkeypatch.setattr(session, "int8_reason", lambda: INSTRUCTIONS)
    image = Image(np.zeros((48, 48), np.uint8))
    found = [segment(image, Model(read_bundle(two)), **given) for given in ({}, {"accurate": True})]
    assert [one.model.runtime.name for one in found] == ["onnxruntime-int8", "onnxruntime"]


def test_results_of_another_runtime_are_made_again(two, monkeypatch):
    monkeypatch.setattr(session, "int8_reason", lambda: INSTRUCTIONS)
    model, options = Model(read_bundle(two)), SegmentOptions()
    hashes = {run_settings(model.with_runtime(name), options, None).hash for name in ("auto", "onnxruntime")}
    assert len(hashes) == 2
    same = dataclasses.replace(options, threads=3)
    assert run_settings(model, options, None) == run_settings(model, same, None)


def test_results_of_other_int8_weights_are_made_again(two, monkeypatch):
    monkeypatch.setattr(session, "int8_reason", lambda: INSTRUCTIONS)
    bundle = read_bundle(two)
    others = dataclasses.replace(bundle, int8=bundle.weights)
    for name, kinds in (("onnxruntime-int8", 2), ("onnxruntime", 1)):
        models = [Model(one).with_runtime(name) for one in (bundle, others)]
        assert len({run_settings(model, SegmentOptions(), None).hash for model in models}) == kinds


def test_the_installation_names_every_runtime(two):
    facts = describe_installation(Model(read_bundle(two)))
    assert list(facts["runtimes"]) == [name for name in RUNTIMES if name != "auto"]
    assert facts["runtimes"]["onnxruntime"] == ""
    assert facts["runtime"]["grey"]["why"]


def test_flags_of_this_processor_are_those_of_cpuinfo():
    if not sys.platform.startswith("linux"):
        pytest.skip("cpuinfo is Linux's")
    text = Path("/proc/cpuinfo").read_text()
    assert int8_instructions() == flags_in(text)
    assert flags_in(text) is not None
