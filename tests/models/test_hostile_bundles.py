"""Bundles that are damaged or made to harm: one kind of error, and nothing large is allocated."""

from __future__ import annotations

import zipfile

import numpy as np
import pytest
import yaml

from hooke import segment
from hooke.errors import HookeError, ModelError
from hooke.models import load_model, read_bundle
from tests.models.small_bundles import describe, tiny_onnx, write


@pytest.mark.parametrize(
    "text",
    [
        b"timestamp: 2026-99-99",  # ValueError of datetime, not YAMLError
        b"a: " + b"9" * 5000,
        b"[" * 5000,
        b"? [1]\n: 2",
        b"a: !!timestamp x",
        b"a: !!int ''",
        b"- 1",
        b"\xff\xfe",
        b"a: &a [1]\nb: " + b"".join(b"&x%d [%s]\n" % (k, b"*a," * 9) for k in range(1)),
    ],
)
def test_a_description_of_odd_types(tmp_path, text):
    folder = write(tmp_path / "odd")
    (folder / "rdf.yaml").write_bytes(text)
    with pytest.raises(ModelError):
        read_bundle(folder)


def test_aliases_that_unfold_to_millions(tmp_path):
    lines = ["a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1]"]
    lines += [f"a{k}: &a{k} [{', '.join([f'*a{k - 1}'] * 9)}]" for k in range(1, 9)]
    folder = write(tmp_path / "laughs")
    (folder / "rdf.yaml").write_text("\n".join(lines))
    with pytest.raises(ModelError, match="unfolds"):
        read_bundle(folder)


@pytest.mark.parametrize(
    "settings",
    [
        {"diameter_band": [13, 1e12]},
        {"diameter_band": [36, 13]},
        {"diameter_band": [float("nan"), 36]},
        {"frame": 10**9},
        {"stride": 10**9},
        {"query_step": -1},
        {"percentiles": [99, 1]},
        {"classes": 3},
        {"colour_bundle": "../elsewhere"},
    ],
)
def test_settings_out_of_range(tmp_path, settings):
    folder = write(tmp_path / "odd", b"w", describe(b"w", **settings))
    with pytest.raises(ModelError, match=next(iter(settings))):
        read_bundle(folder)


def test_settings_that_are_no_mapping(tmp_path):
    folder = write(tmp_path / "odd", b"w", {"config": {"hooke": ["splitline"]}})
    with pytest.raises(ModelError, match="not made for hooke"):
        read_bundle(folder)


@pytest.mark.parametrize(
    "parameters",
    [
        {"nominal_diameter": "wide"},
        {"nominal_diameter": 0},
        {"nominal_diameter": float("inf")},
        {"score_weights": [1, 2]},
        {"foreground": [0.5]},
        {"foreground": None},
    ],
)
def test_parameters_of_the_scheme(tmp_path, parameters):
    folder = write(tmp_path / "odd", b"w", describe(b"w", parameters=parameters))
    with pytest.raises(ModelError, match=next(iter(parameters))):
        load_model(folder)


@pytest.mark.parametrize(
    ("method", "said"), [(zipfile.ZIP_DEFLATED, None), (zipfile.ZIP_BZIP2, "promises"), (zipfile.ZIP_LZMA, "promises")]
)
def test_a_zip_that_unfolds_to_more_than_it_can_hold(tmp_path, monkeypatch, method, said):
    monkeypatch.setattr("hooke.limits.SMALL_PROMISE", 1 << 20)
    path = tmp_path / "bomb.zip"
    with zipfile.ZipFile(path, "w", method) as archive:
        archive.writestr("rdf.yaml", yaml.safe_dump(describe(b"")))
        archive.writestr("weights.onnx", bytes((1 << 20) + 1))
    with pytest.raises(ModelError, match=said):
        load_model(path).network()


def with_graph(change):
    onnx = pytest.importorskip("onnx")
    model = onnx.load_from_string(tiny_onnx())
    change(onnx, model.graph)
    return model.SerializeToString()


def large_initialiser(onnx, graph):
    graph.initializer[0].dims[0] = 1 << 40


def large_fill(onnx, graph):
    shape = onnx.numpy_helper.from_array(np.array([1 << 16, 1 << 17], np.int64), "shape")
    graph.initializer.append(shape)
    graph.node.append(onnx.helper.make_node("ConstantOfShape", ["shape"], ["filled"]))


def large_sparse(onnx, graph):
    values = onnx.numpy_helper.from_array(np.ones(1, np.float32), "few")
    places = onnx.numpy_helper.from_array(np.zeros(1, np.int64), "places")
    graph.sparse_initializer.append(onnx.helper.make_sparse_tensor(values, places, [1 << 40]))


def wide_padding(onnx, graph):
    graph.node[0].attribute.append(onnx.helper.make_attribute("pads", [1 << 30] * 4))


def weights_elsewhere(onnx, graph):
    graph.initializer[0].data_location = onnx.TensorProto.EXTERNAL
    entry = graph.initializer[0].external_data.add()
    entry.key, entry.value = "location", "elsewhere"


@pytest.mark.parametrize(
    "change",
    [large_initialiser, large_fill, large_sparse, wide_padding, weights_elsewhere],
    ids=lambda one: one.__name__,
)
def test_networks_that_promise_more_than_they_hold(tmp_path, change):
    weights = with_graph(change)
    folder = write(tmp_path / "odd", weights, describe(weights))
    with pytest.raises(ModelError, match=r"weights.onnx can't be run"):
        load_model(folder).network()


def two_maps(onnx, graph):
    graph.initializer[0].CopyFrom(onnx.numpy_helper.from_array(np.full((2, 3, 1, 1), 0.3, np.float32), "kernel"))
    graph.output[0].type.tensor_type.shape.dim[1].dim_value = 2


def one_column(onnx, graph):
    graph.node[0].attribute.append(onnx.helper.make_attribute("strides", [2, 2]))


@pytest.mark.parametrize("change", [two_maps, one_column], ids=lambda one: one.__name__)
def test_a_network_that_makes_something_else(tmp_path, change):
    weights = with_graph(change)
    folder = write(tmp_path / "odd", weights, describe(weights))
    with pytest.raises(HookeError, match="maps"):
        segment(np.random.default_rng(0).integers(0, 255, (40, 50), np.uint8), folder)


def test_axes_of_inputs_whose_names_are_not_text(tmp_path):
    weights = tiny_onnx().replace(b"batch", b"\xffatch")
    with pytest.raises(ModelError, match="can't be run"):
        load_model(write(tmp_path / "odd", weights)).network()
