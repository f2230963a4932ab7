#!/usr/bin/env bash
# OpenVINO leaves out the smoothing of a Resize with antialias, and takes every n-th pixel: thin bright structures vanish.
# Guess: a network's Resize with antialias=1, as PyTorch exports interpolate(antialias=True), is computed so by OpenVINO, or
#   refused as it is read.
# Seen: an image of which every 4th column is 1 has the mean 0.25, and so has ONNX Runtime's result, shrunk to a quarter;
#   OpenVINO's is 0 (linear) or -0.09 (cubic), and 0.5 or 0.59 where the same stripes lie 2 columns further. The graph that
#   it read says antialias: True. No error, no warning. Without antialias both agree.
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

scales = numpy_helper.from_array(np.array([1, 1, 0.25, 0.25], np.float32), "scales")
given = helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 1, 64, 64])
made = helper.make_tensor_value_info("small", TensorProto.FLOAT, None)
core, seen = openvino.Core(), {}
for mode in ("linear", "cubic"):
    for antialias in (0, 1):
        node = helper.make_node("Resize", ["image", "", "scales"], ["small"], mode=mode, antialias=antialias)
        graph = helper.make_graph([node], "shrink", [given], [made], [scales])
        weights = helper.make_model(graph, ir_version=9, opset_imports=[helper.make_opsetid("", 19)]).SerializeToString()
        network = core.read_model(weights, b"")
        (kept,) = [one.get_attributes()["antialias"] for one in network.get_ops() if one.get_type_name() == "Interpolate"]
        compiled = core.compile_model(network, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
        session = onnxruntime.InferenceSession(weights, providers=["CPUExecutionProvider"])
        for first in (0, 2):
            image = np.zeros((1, 1, 64, 64), np.float32)
            image[..., first::4] = 1
            results = session.run(None, {"image": image})[0], compiled(image)[0]
            means = [round(float(result[..., 4:12, 4:12].mean()), 2) for result in results]
            seen[mode, antialias, first] = means
            print(f"{mode}, antialias {antialias} (read as {kept}), stripes from {first}: ", end="")
            print("ONNX Runtime {}, OpenVINO {}".format(*means))
for (mode, antialias, first), (right, theirs) in seen.items():
    if antialias:
        aliased = seen[mode, 0, first][1]
        assert (right, theirs) == (0.25, aliased) and kept, "OpenVINO has changed"
    else:
        assert right == theirs
PYTHON
