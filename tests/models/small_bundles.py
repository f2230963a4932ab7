"""Model bundles of a few bytes, for tests that need no trained network."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
import yaml

SETTINGS = {
    "format": 1,
    "scheme": "splitline",
    "parameters": {"nominal_diameter": 20.0},
    "diameter_band": [13, 36],
    "trained_diameters": [13, 36],
    "stride": 32,
    "a key of the future": 1,
}


def tiny_onnx():
    """A network whose four maps are the mean of the colours."""
    onnx = pytest.importorskip("onnx")
    helper, kind = onnx.helper, onnx.TensorProto.FLOAT
    kernel = onnx.numpy_helper.from_array(np.full((4, 3, 1, 1), 1 / 3, np.float32), "kernel")
    graph = helper.make_graph(
        [helper.make_node("Conv", ["image", "kernel"], ["maps"])],
        "tiny",
        [helper.make_tensor_value_info("image", kind, ["batch", 3, "y", "x"])],
        [helper.make_tensor_value_info("maps", kind, ["batch", 4, "y", "x"])],
        [kernel],
    )
    return helper.make_model(graph, ir_version=8, opset_imports=[helper.make_opsetid("", 17)]).SerializeToString()


def describe(weights, **hooke):
    digest = hashlib.sha256(weights).hexdigest()
    return {"name": "tiny", "weights": {"onnx": {"sha256": digest}}, "config": {"hooke": {**SETTINGS, **hooke}}}


def write(folder, weights=b"weights", description=None):
    folder.mkdir(parents=True)
    (folder / "weights.onnx").write_bytes(weights)
    text = yaml.safe_dump(describe(weights) if description is None else description)
    (folder / "rdf.yaml").write_text(text, encoding="utf-8")
    return folder
