#!/usr/bin/env bash
# ONNX Runtime's average of a large image is up to 2 % too high: 1003.9 for 1000.1 from 1024 x 1024 pixels on.
# Guess: GlobalAveragePool and ReduceMean, of a network's attention or of the preparation in its graph, are right in float32
#   to five digits in an image of any size.
# Seen: of an image that is 1000.1 everywhere GlobalAveragePool gives 1003.9 for 1024 x 1024 pixels, 1010.6 for 2048 x 2048 and
#   1020.7 for 4096 x 4096; ReduceMean with channels last 1003.9 for 512 x 512 already, and of a noisy image of 4096 x 4096
#   1017.2 for 1000.0. One float32 per channel is added to until the pixels are less than its last digits.
# Version: onnxruntime==1.31.1 onnx==1.23.2 numpy==2.4.6
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet onnxruntime==1.31.1 onnx==1.23.2 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" -W error - <<'PYTHON'
import numpy as np
import onnxruntime
from onnx import TensorProto, helper


def average(image, operator, **attributes):
    """The average of the first channel, as a graph of one node gives it."""
    given = helper.make_tensor_value_info("image", TensorProto.FLOAT, image.shape)
    made = helper.make_tensor_value_info("mean", TensorProto.FLOAT, None)
    node = helper.make_node(operator, ["image"], ["mean"], **attributes)
    graph = helper.make_graph([node], "average", [given], [made])
    model = helper.make_model(graph, ir_version=9, opset_imports=[helper.make_opsetid("", 17)])
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    return float(session.run(None, {"image": image})[0].ravel()[0])


seen = {}
for side in (256, 512, 1024, 2048, 4096):
    even = np.full((1, 1, side, side), 1000.1, np.float32)
    last = np.full((1, side, side, 3), 1000.1, np.float32)
    seen[side] = average(even, "GlobalAveragePool"), average(last, "ReduceMean", axes=[1, 2])
    print("{0} x {0}: GlobalAveragePool {1:.1f}, ReduceMean with channels last {2:.1f}".format(side, *seen[side]))
noise = np.random.default_rng(0).normal(1000, 100, (1, 4096, 4096, 3)).astype(np.float32)
noisy, exact = average(noise, "ReduceMean", axes=[1, 2]), float(noise[..., 0].mean(dtype=float))
print(f"noise of 4096 x 4096, channels last: ReduceMean {noisy:.1f}, exact {exact:.1f}")
assert all(abs(found - 1000.1) < 0.2 for found in seen[256])
assert abs(exact - 1000) < 0.1
# How far they are off depends on how many numbers the processor adds at once.
assert all(found > 1005 for found in (*seen[4096], noisy)), "ONNX Runtime has changed"
PYTHON
