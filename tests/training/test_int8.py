"""Weights in 8 bits: what is made, what stays in float, and that worse ones are refused."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import yaml

from tests.builders import need, run_command, write_dataset

need("bioimageio.spec")
onnx = pytest.importorskip("onnx")

from hooke.datasets import read_index, simulate  # noqa: E402
from hooke.errors import ConfigError, DatasetError, ModelError  # noqa: E402
from hooke.models import BundleSettings, Model, load_model, read_bundle  # noqa: E402
from hooke.models.runtime import onnxruntime  # noqa: E402
from hooke.training import export  # noqa: E402
from hooke.training.bundles import int8_weights  # noqa: E402
from hooke.training.bundles.calibration import images_for  # noqa: E402
from hooke.training.bundles.description import describe_model, describe_tensor, image_input  # noqa: E402
from hooke.training.bundles.int8_weights import float_nodes  # noqa: E402

LAYERS = 7


def network():
    """Seven convolutions that hand on the brightness; the last makes the maps, of which the fourth is always 0.5."""
    helper, kind = onnx.helper, onnx.TensorProto.FLOAT
    nodes, tensors, last = [], [], "image"
    for layer in range(LAYERS):
        outputs, inputs = (4 if layer == LAYERS - 1 else 8), (3 if layer == 0 else 8)
        kernel = np.full((outputs, inputs, 3, 3), 0.0, np.float32)
        kernel[:, :, 1, 1] = 1 / inputs
        bias = np.zeros(outputs, np.float32)
        if layer == LAYERS - 1:
            kernel[1], kernel[3], bias[3] = 0, 0, 0.5
        tensors += [onnx.numpy_helper.from_array(kernel, f"k{layer}"), onnx.numpy_helper.from_array(bias, f"b{layer}")]
        made = "maps" if layer == LAYERS - 1 else f"x{layer}"
        inputs_of = [last, f"k{layer}", f"b{layer}"]
        nodes.append(helper.make_node("Conv", inputs_of, [made], f"conv{layer}", pads=[1, 1, 1, 1]))
        last = made
    image, maps = (
        helper.make_tensor_value_info(name, kind, ["n", count, "y", "x"]) for name, count in (("image", 3), ("maps", 4))
    )
    graph = helper.make_graph(nodes, "g", [image], [maps], tensors)
    return helper.make_model(graph, ir_version=8, opset_imports=[helper.make_opsetid("", 17)])


@pytest.fixture
def bundle(tmp_path):
    folder = tmp_path / "bundle"
    folder.mkdir()
    onnx.save(network(), str(folder / "weights.onnx"))
    settings = BundleSettings(
        scheme="splitline",
        parameters={"nominal_diameter": 20.0},
        diameter_band=(13, 36),
        trained_diameters=(13, 36),
    )
    np.save(folder / "test_input.npy", np.full((1, 3, 64, 64), 0.5, np.float32))
    np.save(folder / "test_output.npy", np.full((1, 4, 64, 64), 0.5, np.float32))
    axes = [{"type": "batch"}, {"type": "channel", "channel_names": list("abcd")}]
    axes += [{"type": "space", "id": side, "size": {"tensor_id": "image", "axis_id": side}} for side in "yx"]
    maps = describe_tensor(folder, "maps", "test_output.npy", axes=axes, data={"type": "float32"})
    card = {"description": "brightness"}
    shown = [image_input(folder, 3)]
    describe_model(folder, "brightness", card, tags=[], inputs=shown, outputs=[maps], settings=settings, extra={})
    return folder


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    def sample(split, seed):
        made = simulate((128, 128), seed=seed)
        return f"{split}{seed}", split, "fluorescence", made.image, made.labels

    samples = [sample(split, seed) for seed, split in enumerate(["train", "train", "val", "val", "val"])]
    return write_dataset(tmp_path_factory.mktemp("set") / "blobs", samples)


@pytest.mark.slow
def test_int8_is_added_described_and_finds_the_same(bundle, dataset, tmp_path):
    out = tmp_path / "out"
    check = export(bundle, out, int8=dataset).int8
    assert check.images == 3
    assert check.fp32 > 0.1
    assert abs(check.difference) <= 0.005
    assert check.low <= check.difference <= check.high
    assert check.same_objects > 0.9
    description = yaml.safe_load((out / "rdf.yaml").read_text())
    told = description["config"]["hooke"]["int8"]
    assert told["scores"] == check.to_dict()
    assert told["calibration"] == {"data": "blobs", "tiles": 2}
    assert [one["source"] for one in description["attachments"]] == ["weights-int8.onnx"]
    assert not (bundle / "weights-int8.onnx").exists()
    assert (out / "weights.onnx").read_bytes() == (bundle / "weights.onnx").read_bytes()
    model = Model(read_bundle(out))
    batch = np.random.default_rng(0).random((1, 3, 64, 64), np.float32)
    quick, exact = (model.with_runtime(name).network()(batch) for name in ("onnxruntime-int8", "onnxruntime"))
    assert 0 < np.abs(quick - exact).max() < 0.05


# bioimageio.spec 0.5 leaves the archive that it has written open to the garbage collector.
@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_bioimageio_finds_the_bundle_valid_and_packs_the_weights(bundle, dataset, tmp_path):
    from bioimageio.spec import load_description, save_bioimageio_package
    from bioimageio.spec.model.v0_5 import ModelDescr

    export(bundle, bundle, int8=dataset)
    loaded = load_description(bundle)
    assert isinstance(loaded, ModelDescr), loaded.validation_summary.format()
    packed = save_bioimageio_package(bundle / "rdf.yaml", output_path=tmp_path / "packed.zip")
    assert read_bundle(Path(packed)).int8 == (bundle / "weights-int8.onnx").read_bytes()


def test_images_for_the_network_for_colour_are_left_out(tmp_path):
    fields = [(kind, simulate((128, 128), seed=2, modality=kind)) for kind in ("fluorescence", "histology")]
    folder = write_dataset(
        tmp_path / "both", [(kind, "val", kind, field.image, field.labels) for kind, field in fields]
    )
    rows = read_index(folder)
    model = load_model("nuclei")
    assert [sample.row.id for sample in images_for(model, folder, rows)] == ["fluorescence"]
    assert [sample.row.id for sample in images_for(model.for_image(colour=True), folder, rows)] == [
        "fluorescence",
        "histology",
    ]


@pytest.mark.slow
def test_the_optimised_graph_computes_in_integers_between_what_stays_in_float(bundle, dataset, tmp_path):
    export(bundle, bundle, int8=dataset)
    options = onnxruntime.SessionOptions()
    options.optimized_model_filepath = str(tmp_path / "optimised.onnx")
    options.log_severity_level = 3
    onnxruntime.InferenceSession((bundle / "weights-int8.onnx").read_bytes(), options)
    kinds = Counter(node.op_type for node in onnx.load(str(tmp_path / "optimised.onnx")).graph.node)
    assert kinds["QLinearConv"] == LAYERS - 4
    assert sum(kinds[kind] for kind in ("Conv", "FusedConv")) == 4


def test_the_ends_stay_in_float():
    helper = onnx.helper
    chain = [helper.make_node("Conv", [f"t{i}", "k"], [f"t{i + 1}"], f"c{i}") for i in range(6)]
    nodes = [
        *chain[:1],
        helper.make_node("Relu", ["t0"], ["detail"], "detail"),
        *chain[1:5],
        helper.make_node("Concat", ["t5", "detail"], ["joined"], "join"),
        helper.make_node("Conv", ["joined", "k"], ["head"], "head"),
        helper.make_node("Sigmoid", ["head"], ["maps"], "sigmoid"),
    ]
    assert float_nodes(helper.make_graph(nodes, "g", [], [])) == ["c0", "detail", "c1", "c2", "head", "sigmoid"]


@pytest.mark.slow
def test_worse_weights_are_refused_with_the_figures(bundle, dataset, tmp_path, monkeypatch):
    broken = network()
    for tensor in broken.graph.initializer:
        if tensor.name == "b6":
            tensor.CopyFrom(onnx.numpy_helper.from_array(np.zeros(4, np.float32) - 1, "b6"))
    monkeypatch.setattr(int8_weights, "quantise", lambda *_: broken.SerializeToString())
    with pytest.raises(ModelError, match=r"DSB score 0\.0000 against 0\.\d+ on 3 images"):
        export(bundle, tmp_path / "out", int8=dataset)
    assert not (tmp_path / "out").exists()
    assert not list(tmp_path.glob("*.partial"))
    assert not (bundle / "weights-int8.onnx").exists()


def test_data_without_images_for_it_is_refused(bundle, tmp_path):
    made = simulate((64, 64), seed=0)
    only_val = write_dataset(tmp_path / "v", [("a", "val", "fluorescence", made.image, made.labels)])
    only_train = write_dataset(tmp_path / "t", [("a", "train", "fluorescence", made.image, made.labels)])
    with pytest.raises(DatasetError, match="no train image"):
        export(bundle, tmp_path / "out", int8=only_val)
    with pytest.raises(DatasetError, match="no val image"):
        export(bundle, tmp_path / "out", int8=only_train)


def test_a_bundle_takes_nothing_else(bundle, dataset, tmp_path):
    for given in ({}, {"int8": dataset, "half": True}, {"int8": dataset, "force": True}):
        with pytest.raises(ConfigError, match="only --compact, --int8"):
            export(bundle, tmp_path / "out", **given)


@pytest.mark.slow
def test_storing_in_16_bits_later_takes_them_out(bundle, dataset):
    from hooke.training.bundles.stored_weights import store_half

    export(bundle, bundle, int8=dataset)
    store_half(bundle)
    assert read_bundle(bundle).int8 is None
    assert "attachments" not in yaml.safe_load((bundle / "rdf.yaml").read_text())


@pytest.mark.slow  # of the fast tests, test_tasks.py tests what is imported
def test_the_command_needs_no_pytorch(bundle, dataset, tmp_path):
    code = f"""import sys; sys.modules["torch"] = None
from hooke.cli import main
main(["export", {str(bundle)!r}, "-o", {str(tmp_path / "out")!r}, "--int8", {str(dataset)!r}])"""
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    assert "weights in 8 bits added; DSB score" in result.stdout
    assert result.stderr == ""


def test_the_command_hands_the_data_set_on(monkeypatch, tmp_path):
    from hooke import training
    from hooke.cli.export import export as command
    from hooke.training.bundles.bundle_folder import Export

    asked = {}
    monkeypatch.setattr(training, "export", lambda run, bundle, **given: asked.update(given) or Export(bundle, None))
    _, status = run_command(command, "b", "-o", "c", "--int8", "data")
    assert (status, asked["int8"]) == (0, Path("data"))
