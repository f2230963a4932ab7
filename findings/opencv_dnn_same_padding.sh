#!/usr/bin/env bash
# OpenCV runs an ONNX network's convolution of stride 2 with "SAME_UPPER" one pixel beside: other maps, no warning.
# Guess: cv2.dnn pads as the format says: with SAME_UPPER an odd pixel is added at the end, as networks from TensorFlow and
#   Keras have it, and the maps are those of ONNX Runtime.
# Seen: for even sizes, a stride of 2 and kernels of 3 or 5 the odd pixel is added at the start: a bright pixel is seen half
#   a pixel of the map, one of the image, beside. A MaxPool or kernel of 2 with SAME_LOWER is one pixel beside, too, with a
#   stride of 1. Odd sizes and explicit pads are right. Nuclei found in such maps are beside their image, a pixel for each
#   level of the network.
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
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper


def differ(size, kernel, stride, **padding):
    """Largest difference between the maps of OpenCV and ONNX Runtime, and where both see the bright pixel."""
    image = np.zeros((1, 1, size, size), np.float32)
    image[0, 0, 7, 7] = 1
    weights = np.arange(1, kernel * kernel + 1, dtype=np.float32).reshape(1, 1, kernel, kernel)
    node = helper.make_node("Conv", ["x", "w"], ["y"], kernel_shape=[kernel] * 2, strides=[stride] * 2, **padding)
    side = -(-size // stride)
    graph = helper.make_graph(
        [node],
        "one convolution",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, image.shape)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 1, side, side])],
        [numpy_helper.from_array(weights, "w")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    content = model.SerializeToString()
    right = onnxruntime.InferenceSession(content).run(None, {"x": image})[0]
    network = cv2.dnn.readNetFromONNX(np.frombuffer(content, np.uint8))
    network.setInput(image)
    found = network.forward()
    seen = [np.argwhere(plane[0, 0] > 0).mean(axis=0).tolist() for plane in (right, found)]
    print(f"{size} pixels, kernel {kernel}, stride {stride}, {padding}: ONNX Runtime {seen[0]}, OpenCV {seen[1]}")
    return float(np.abs(found - right).max())


assert differ(15, 3, 2, auto_pad="SAME_UPPER") == 0
assert differ(16, 3, 1, auto_pad="SAME_UPPER") == 0
assert differ(16, 3, 2, pads=[0, 0, 1, 1]) == 0
assert differ(16, 3, 2, auto_pad="SAME_LOWER") == 0
assert differ(16, 3, 2, auto_pad="SAME_UPPER") > 1, "OpenCV has changed"
assert differ(16, 5, 2, auto_pad="SAME_UPPER") > 1, "OpenCV has changed"
assert differ(16, 2, 1, auto_pad="SAME_LOWER") > 1, "OpenCV has changed"
PYTHON
