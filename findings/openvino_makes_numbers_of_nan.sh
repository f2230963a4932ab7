#!/usr/bin/env bash
# A NaN in the image is gone after OpenVINO's first Relu: pixels without a value have a probability like any other.
# Guess: what depends on a NaN is NaN at the end of the network, as in ONNX Runtime and PyTorch, so that it shows.
# Seen: convolution, Relu, pooling, convolution and Sigmoid of 32 x 32 pixels with one NaN: 4 pixels of ONNX Runtime's
#   result are NaN and none of OpenVINO's; the others agree. There Relu of NaN is 0, Clip gives the lower limit and
#   HardSigmoid 1. No error, no warning.
# Version: openvino==2026.4.1 onnxruntime==1.31.1 onnx==1.23.2 numpy==2.4.6
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet openvino==2026.4.1 onnxruntime==1.31.1 onnx==1.23.2 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import numpy as np
import onnxruntime
import openvino
from onnx import TensorProto, helper, numpy_helper

random = np.random.default_rng(0)


def both(nodes, image, **weights):
    """Results of ONNX Runtime and of OpenVINO."""
    given = helper.make_tensor_value_info("x", TensorProto.FLOAT, image.shape)
    made = helper.make_tensor_value_info("y", TensorProto.FLOAT, None)
    known = [numpy_helper.from_array(np.asarray(value, np.float32), name) for name, value in weights.items()]
    graph = helper.make_graph(nodes, "g", [given], [made], known)
    network = helper.make_model(graph, ir_version=9, opset_imports=[helper.make_opsetid("", 18)]).SerializeToString()
    core = openvino.Core()
    compiled = core.compile_model(core.read_model(network, b""), "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    session = onnxruntime.InferenceSession(network, providers=["CPUExecutionProvider"])
    return session.run(None, {"x": image})[0], compiled([image])[0]


node = helper.make_node
layers = [
    node("Conv", ["x", "w"], ["a"], pads=[1] * 4),
    node("Relu", ["a"], ["b"]),
    node("AveragePool", ["b"], ["c"], kernel_shape=[2, 2], strides=[2, 2]),
    node("Conv", ["c", "v"], ["d"]),
    node("Sigmoid", ["d"], ["y"]),
]
image = random.normal(size=(1, 1, 32, 32)).astype(np.float32)
image[0, 0, 10, 10] = np.nan
results = both(layers, image, w=random.normal(size=(4, 1, 3, 3)), v=random.normal(size=(1, 4, 1, 1)))
missing = [int(np.isnan(one).sum()) for one in results]
apart = float(np.nanmax(np.abs(results[0] - results[1])))
print("NaN in the result: ONNX Runtime {}, OpenVINO {};".format(*missing), f"elsewhere they differ by {apart:.1g}")
values, seen = np.array([1, np.nan, -4], np.float32), {}
for name, limits in (("Relu", {}), ("Clip", {"low": 0.25, "high": 1}), ("HardSigmoid", {}), ("Sigmoid", {})):
    seen[name] = [one.tolist()[1] for one in both([node(name, ["x", *limits], ["y"])], values, **limits)]
    print(f"{name} of NaN:", "ONNX Runtime {}, OpenVINO {}".format(*seen[name]))
assert missing[0] > 0 and missing[1] == 0 and apart < 1e-5, "OpenVINO has changed"
assert [one[1] for one in seen.values()][:3] == [0, 0.25, 1] and np.isnan([one[0] for one in seen.values()]).all()
PYTHON
