"""Adds weights in 8 bits to a model bundle, for processors that multiply 8-bit integers twice as fast or more.

Weights and activations of all operators are stored as integers with a scale each, weights per output channel
(Jacob et al. 2018, "Quantization and training of neural networks for efficient integer-arithmetic-only inference",
CVPR). Scales are chosen on some images of a data set (`int8_scales`). What lies next to the image or the maps stays in
float: there rounding to 256 steps moves outlines.

Needs the packages ``onnx`` and ``bioimageio.spec``, not PyTorch.
"""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import yaml
from numpy.typing import NDArray

from hooke.corrections import CorrectedImage
from hooke.errors import DatasetError, ModelError
from hooke.models import Model, read_bundle
from hooke.models.onnx_file import check_onnx
from hooke.models.registry import make_model
from hooke.models.runtime import load_quantization, onnxruntime
from hooke.models.runtimes import INT8, REFERENCE
from hooke.training.bundles.bundle_folder import fresh_bundle
from hooke.training.bundles.calibration import calibration_tiles, corrected_tiles
from hooke.training.bundles.description import set_attachments, write_description
from hooke.training.bundles.int8_check import Int8Check, check_int8, compare_int8
from hooke.training.bundles.int8_scales import choose_scales

_FILE = "weights-int8.onnx"
_PREPARED = {"onnx.quant.pre_process": "onnxruntime.quant"}  # or ONNX Runtime prints that constants should be folded
_FLOAT_DEPTH = 3  # convolutions from the image: the stem, the first block, and any path of full detail


def add_int8_weights(bundle: Path, calibration: Path, out: Path | None = None) -> Int8Check:
    """Make weights in 8 bits, hold them against those in 32, and add them to the bundle.

    Parameters
    ----------
    bundle : Path
        Folder of a bundle that segments.
    calibration : Path
        A hooke data set: images of ``train`` give the scales, those of ``val`` are segmented with both.
    out : Path, optional
        Folder of a copy to write; by default the bundle itself is replaced once all is written.

    Returns
    -------
    Int8Check

    Raises
    ------
    DatasetError
        When the data set has no image of one of these splits that the network is meant for.
    ModelError
        When the objects found are worse: the message has the figures.
    """
    model = make_model(read_bundle(bundle)).with_runtime(REFERENCE)
    tiles = calibration_tiles(model, calibration)
    if not tiles:
        raise DatasetError("no train image is one for this network", path=calibration, remedy="give another data set")

    def check(int8: Model) -> Int8Check:
        return check_int8(model, int8, calibration)

    return _add(bundle, model, tiles, check, calibration.name, out or bundle)


def add_int8_by_images(
    bundle: Path, shown: Sequence[CorrectedImage], checked: Sequence[CorrectedImage], name: str
) -> Int8Check | None:
    """Do the same by images in memory, and all of them the network's own; None where there are none to check by.

    Parameters
    ----------
    bundle : Path
        Replaced once all is written.
    shown : sequence of CorrectedImage
        Give the scales.
    checked : sequence of CorrectedImage
        Segmented with both.
    name : str
        Of the images, for the description.

    Raises
    ------
    ModelError
        When the objects found are worse.
    """
    model = make_model(read_bundle(bundle)).with_runtime(REFERENCE)
    tiles = corrected_tiles(model, shown)
    if not tiles or not checked:
        return None

    def check(int8: Model) -> Int8Check:
        found = compare_int8(model, int8, checked)
        assert found is not None
        return found

    return _add(bundle, model, tiles, check, name, bundle)


def _add(
    bundle: Path,
    model: Model,
    tiles: Sequence[NDArray[np.float32]],
    check_by: Callable[[Model], Int8Check],
    name: str,
    out: Path,
) -> Int8Check:
    """Make the weights, check them, and write the bundle with them."""
    weights = quantise(model.bundle.weights, tiles, bundle)
    check_onnx(weights, bundle, _FILE)
    with fresh_bundle(out) as fresh:
        shutil.copytree(bundle, fresh, dirs_exist_ok=True)
        (fresh / _FILE).write_bytes(weights)
        description = yaml.safe_load((fresh / "rdf.yaml").read_text(encoding="utf-8"))
        digest = hashlib.sha256(weights).hexdigest()
        told = {"source": _FILE, "sha256": digest, "made_of": description["weights"]["onnx"].get("sha256")}
        description["config"]["hooke"]["int8"] = told
        (fresh / "rdf.yaml").write_text(yaml.safe_dump(description), encoding="utf-8")
        check = check_by(make_model(read_bundle(fresh)).with_runtime(INT8))
        if check.is_worse:
            raise ModelError(f"in int8 it is worse: {check}", path=bundle, remedy="ship it without --int8")
        told["calibration"] = {"data": name, "tiles": len(tiles)}
        told["scores"] = check.to_dict()
        set_attachments(description, fresh, [_FILE], _FILE.__eq__)
        write_description(fresh / "rdf.yaml", description)
    return check


def remove_int8_weights(folder: Path, description: dict[str, Any]) -> None:
    """Take weights in 8 bits out of a bundle whose other weights change; the description is changed in place."""
    description.get("config", {}).get("hooke", {}).pop("int8", None)
    set_attachments(description, folder, [], _FILE.__eq__)
    (folder / _FILE).unlink(missing_ok=True)


def quantise(weights: bytes, tiles: Sequence[NDArray[np.float32]], path: Path) -> bytes:
    """Turn a network into one of 8-bit integers.

    Parameters
    ----------
    weights : bytes
        The ONNX file.
    tiles : sequence of ndarray of float32, shape (1, C, Y, X)
        What the network is shown.
    path : Path
        Of the bundle, to name it.

    Returns
    -------
    bytes
        An ONNX file of the same inputs and outputs.

    Raises
    ------
    ModelError
        When the network takes more than an image.
    """
    tool = load_quantization()
    with tempfile.TemporaryDirectory() as folder:
        plain, made = Path(folder) / "plain.onnx", Path(folder) / "int8.onnx"
        _fold(weights, plain)
        network = onnx.load(str(plain))
        onnx.helper.set_model_props(network, _PREPARED)
        graph = network.graph
        if len(graph.input) != 1:
            raise ModelError("int8 is for networks that take an image alone", path=path, remedy="leave out --int8")
        feeds, in_float = _feeds(graph.input[0], tiles), float_nodes(graph)
        scales = choose_scales(network, feeds, in_float)
        tool.quantize_static(
            network,
            made,
            _Reader(feeds),
            quant_format=tool.QuantFormat.QDQ,
            per_channel=True,
            activation_type=tool.QuantType.QUInt8,
            weight_type=tool.QuantType.QInt8,
            calibrate_method=tool.CalibrationMethod.MinMax,
            nodes_to_exclude=in_float,
            extra_options={"TensorQuantOverrides": scales},
        )
        return made.read_bytes()


def _fold(weights: bytes, path: Path) -> None:
    """Write a network whose constants are computed, among them weights stored in 16 bits."""
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    options.optimized_model_filepath = str(path)
    options.log_severity_level = 3
    onnxruntime.InferenceSession(weights, options, providers=["CPUExecutionProvider"])


def _feeds(image: onnx.ValueInfoProto, tiles: Sequence[NDArray[np.float32]]) -> list[dict[str, NDArray[np.float32]]]:
    """Inputs of the network, one a tile."""
    grey = image.type.tensor_type.shape.dim[1].dim_value == 1
    return [{image.name: tile.mean(axis=1, keepdims=True) if grey else tile} for tile in tiles]


class _Reader:
    """Hands the inputs on, one a call, as ONNX Runtime's calibration asks for them."""

    def __init__(self, feeds: Sequence[dict[str, NDArray[np.float32]]]) -> None:
        self._feeds = iter(feeds)

    def get_next(self) -> dict[str, NDArray[np.float32]] | None:
        return next(self._feeds, None)


def float_nodes(graph: Any) -> list[str]:
    """Names of the operators that stay in float: next to the image, and from the last convolution on.

    Parameters
    ----------
    graph : onnx.GraphProto
        Its nodes in the order in which they are computed, as the format demands.
    """
    depth: dict[str, int] = {}  # of each tensor: convolutions on the longest way from the image to it
    for node in graph.node:
        own = max((depth.get(name, 0) for name in node.input), default=0) + (node.op_type == "Conv")
        depth |= dict.fromkeys(node.output, own)
    before: set[str] = set()  # tensors that some convolution still reads, directly or not
    last: set[str] = set()
    for node in reversed(graph.node):
        if before.isdisjoint(node.output):
            last.add(node.name)
        if node.op_type == "Conv" or node.name not in last:
            before.update(node.input)
    first = [node.name for node in graph.node if depth[node.output[0]] <= _FLOAT_DEPTH]
    return list(dict.fromkeys([*first, *(node.name for node in graph.node if node.name in last)]))
