"""Stores the weights of a model bundle in 16 or 8 bits, so that the file is smaller; computation stays in 32 bits.

The runtime widens the weights once, when it loads them, so that predicting takes as long as before.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import yaml
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from hooke.io.content_hash import hash_file
from hooke.models.runtime import onnxruntime
from hooke.training.bundles.bundle_folder import fresh_bundle
from hooke.training.bundles.int8_weights import remove_int8_weights

_LARGE = 1024  # numbers; of smaller tensors, biases for the most part, there is nothing to save
_STEPS = 127  # of 8 bits on either side of 0


def store_half(bundle: Path, out: Path | None = None) -> float:
    """Store a bundle's weights in 16 bits, and the network's output for the test input with them.

    Parameters
    ----------
    bundle : Path
        Folder of a bundle with ONNX weights, of any kind.
    out : Path, optional
        Folder of the new one, replaced once all is written; that of `bundle` when not given.

    Returns
    -------
    float
        Largest change of what the network gives for the test input.
    """
    return _store(bundle, out or bundle, _halve)


def store_compact(bundle: Path, out: Path | None = None) -> float:
    """Store the weights of a bundle's convolutions in 8 bits, on a scale of their own for each channel that they make.

    See `store_half`. Unlike a network in 8 bits (`hooke export --int8`) it needs no images, and is no faster.
    """
    return _store(bundle, out or bundle, _compact)


def _store(bundle: Path, out: Path, change: Callable[[onnx.ModelProto], onnx.ModelProto]) -> float:
    with fresh_bundle(out) as fresh:
        shutil.copytree(bundle, fresh, dirs_exist_ok=True)
        description = yaml.safe_load((fresh / "rdf.yaml").read_text(encoding="utf-8"))
        weights = fresh / description["weights"]["onnx"]["source"]
        before = _answer(weights, description, fresh)
        onnx.save(change(onnx.load(str(weights))), str(weights))
        onnx.checker.check_model(str(weights))
        after = _answer(weights, description, fresh)
        output = description["outputs"][0]["test_tensor"]
        np.save(fresh / output["source"], after)
        remove_int8_weights(fresh, description)  # made of the old ones
        description["weights"]["onnx"]["sha256"] = hash_file(weights)
        output["sha256"] = hash_file(fresh / output["source"])
        text = yaml.safe_dump(description, sort_keys=False, allow_unicode=True)
        (fresh / "rdf.yaml").write_text(text, encoding="utf-8")
    return float(np.abs(after - before).max())


def _halve(model: onnx.ModelProto) -> onnx.ModelProto:
    """Replace each large tensor of weights by one of 16 bits and a node that widens it."""
    graph = model.graph
    widen = []
    for tensor in list(graph.initializer):
        values = numpy_helper.to_array(tensor) if tensor.data_type == TensorProto.FLOAT else np.zeros(0)
        # A weight that 16 bits can't hold would become infinite.
        if values.size < _LARGE or np.abs(values).max() > np.finfo(np.float16).max:
            continue
        stored = tensor.name + "_16"
        graph.initializer.remove(tensor)
        graph.initializer.append(numpy_helper.from_array(values.astype(np.float16), stored))
        widen.append(helper.make_node("Cast", [stored], [tensor.name], to=TensorProto.FLOAT))
    return _begin_with(model, widen)


def _compact(model: onnx.ModelProto) -> onnx.ModelProto:
    """Replace the weights of each convolution by 8 bits and a node that widens them."""
    graph = _widen(model).graph
    kernels = {node.input[1] for node in graph.node if node.op_type == "Conv"}
    widen = []
    for tensor in list(graph.initializer):
        values = numpy_helper.to_array(tensor)
        if tensor.name not in kernels or values.size < _LARGE or not np.isfinite(values).all():
            continue
        largest = np.abs(values).reshape(len(values), -1).max(axis=1)
        scale = np.where(largest > 0, largest / _STEPS, 1).astype(np.float32)
        steps = np.rint(values / scale.reshape(-1, *(1,) * (values.ndim - 1))).astype(np.int8)
        graph.initializer.remove(tensor)
        names = [tensor.name + end for end in ("_8", "_scale", "_zero")]
        for name, part in zip(names, (steps, scale, np.zeros(len(scale), np.int8)), strict=True):
            graph.initializer.append(numpy_helper.from_array(np.asarray(part), name))
        widen.append(helper.make_node("DequantizeLinear", names, [tensor.name], axis=0))
    return _begin_with(model, widen)


def _widen(model: onnx.ModelProto) -> onnx.ModelProto:
    """Give weights that are stored in 16 bits in 32."""
    graph = model.graph
    stored = {tensor.name: tensor for tensor in graph.initializer if tensor.data_type == TensorProto.FLOAT16}
    for node in [node for node in graph.node if node.op_type == "Cast" and node.input[0] in stored]:
        tensor = stored[node.input[0]]
        wide = numpy_helper.to_array(tensor).astype(np.float32)
        graph.initializer.remove(tensor)
        graph.initializer.append(numpy_helper.from_array(wide, node.output[0]))
        graph.node.remove(node)
    return model


def _begin_with(model: onnx.ModelProto, first: list[onnx.NodeProto]) -> onnx.ModelProto:
    """Put nodes in front of all others."""
    nodes = [*first, *model.graph.node]
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    return model


def _answer(weights: Path, description: dict[str, Any], folder: Path) -> NDArray[np.float32]:
    """What the network gives for the bundle's test tensors."""
    session = onnxruntime.InferenceSession(str(weights), providers=["CPUExecutionProvider"])
    inputs = {one["id"]: np.load(folder / one["test_tensor"]["source"]) for one in description["inputs"]}
    return np.asarray(session.run(None, inputs)[0], np.float32)
