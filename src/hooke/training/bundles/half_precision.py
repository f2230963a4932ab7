"""Stores the weights of a model bundle in 16 bits, which halves the file; computation stays in 32 bits.

The runtime widens the weights once, when it loads them, so that predicting takes as long as before.
"""

from __future__ import annotations

import shutil
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


def store_half(bundle: Path) -> float:
    """Store a bundle's weights in 16 bits, and the network's output for the test input with them.

    Parameters
    ----------
    bundle : Path
        Folder of a bundle with ONNX weights, of any kind; replaced once all is written.

    Returns
    -------
    float
        Largest change of what the network gives for the test input.
    """
    with fresh_bundle(bundle) as fresh:
        shutil.copytree(bundle, fresh, dirs_exist_ok=True)
        description = yaml.safe_load((fresh / "rdf.yaml").read_text(encoding="utf-8"))
        weights = fresh / description["weights"]["onnx"]["source"]
        before = _answer(weights, description, fresh)
        onnx.save(_halve(onnx.load(str(weights))), str(weights))
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
    nodes = [*widen, *graph.node]
    del graph.node[:]
    graph.node.extend(nodes)
    return model


def _answer(weights: Path, description: dict[str, Any], folder: Path) -> NDArray[np.float32]:
    """What the network gives for the bundle's test tensors."""
    session = onnxruntime.InferenceSession(str(weights), providers=["CPUExecutionProvider"])
    inputs = {one["id"]: np.load(folder / one["test_tensor"]["source"]) for one in description["inputs"]}
    return np.asarray(session.run(None, inputs)[0], np.float32)
