#!/usr/bin/env bash
# A network that normalises a raw image itself: OpenCV's LayerNormalization gives a spread of 1.10 or 0.26 instead of 1.
# Guess: LayerNormalization over an image, and GroupNormalization with one group, subtract the mean and divide by the
#   standard deviation: as exact for a camera's image of 10000 +- 50 as for one around 0, in any runtime.
# Seen: of 256 x 256 pixels with a spread of 50, OpenCV's LayerNormalization has a standard deviation of 1.013 around 3000,
#   1.10 around 10000 and 0.26 around 30000: the variance is a difference of two large float32 sums. ONNX Runtime's is right;
#   its GroupNormalization is off by 0.06 around 10000 and by 0.34 around 30000, and its InstanceNormalization, the same
#   arithmetic, is right. No error, no warning. An image whose offset is subtracted before has none of it.
# Version: opencv-python-headless==5.0.0.93 onnxruntime==1.31.1 onnx==1.23.2 numpy==2.4.6
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet opencv-python-headless==5.0.0.93 onnxruntime==1.31.1 onnx==1.23.2 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" -W error - <<'PYTHON'
import cv2
import numpy as np
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

SHAPE = (1, 1, 256, 256)


def content(operator, opset, scale, **options):
    """A network of one node."""
    graph = helper.make_graph(
        [helper.make_node(operator, ["x", "scale", "bias"], ["y"], **options)],
        "one normalisation",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, SHAPE)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, SHAPE)],
        [numpy_helper.from_array(np.full(scale, value, np.float32), name) for value, name in ((1, "scale"), (0, "bias"))],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=10).SerializeToString()


networks = {
    "InstanceNormalization": content("InstanceNormalization", 17, (1,)),
    "LayerNormalization": content("LayerNormalization", 17, SHAPE[1:], axis=1),
    "GroupNormalization": content("GroupNormalization", 21, (1,), num_groups=1),
}
seen = {}
noise = np.random.default_rng(0).normal(0, 50, SHAPE)
for offset in (0, 3000, 10000, 30000):
    image = (noise + offset).astype(np.float32)
    exact = (image - image.mean(dtype=float)) / np.sqrt(image.astype(float).var() + 1e-5)
    for name, network in networks.items():
        by_cv = cv2.dnn.readNetFromONNX(np.frombuffer(network, np.uint8))
        by_cv.setInput(image)
        results = by_cv.forward(), onnxruntime.InferenceSession(network).run(None, {"x": image})[0]
        seen[offset, name] = [float(np.abs(result - exact).max()) for result in results]
        spreads = [float(result.std(dtype=float)) for result in results]
        print(
            f"{offset} +- 50, {name}: standard deviation of OpenCV {spreads[0]:.3f}, ONNX Runtime {spreads[1]:.3f}; "
            f"largest error {seen[offset, name][0]:.4f}, {seen[offset, name][1]:.4f}"
        )
for name in networks:
    assert max(seen[0, name]) < 0.001
for offset in (3000, 10000, 30000):
    assert seen[offset, "InstanceNormalization"][1] < 0.001 and seen[offset, "LayerNormalization"][1] < 0.001
assert seen[10000, "LayerNormalization"][0] > 0.3, "OpenCV has changed"
assert seen[30000, "GroupNormalization"][1] > 0.1, "ONNX Runtime has changed"
PYTHON
