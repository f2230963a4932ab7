#!/usr/bin/env bash
# MNN's softmax over channels gives 0.5 to pixels whose logits are beyond 87, of which a network is most sure.
# Guess: softmax depends on differences of logits alone, as in ONNX Runtime: 100 and 90 give 1.0000 and 0.0000.
# Seen: in an image of 16 x 16 pixels with two classes, logits of 100 and 90 or -100 and -90 give 0.5 and 0.5, 88 and 86
#   0.73 for 0.88; in one of 2 x 2 pixels all are right. From about 16 pixels on the largest logit is not taken away
#   first, and exponents end at 87. A segmentation has holes of "undecided" where it is sure.
# Version: MNN==3.6.1 onnx==1.23.2 onnxruntime==1.32.0 numpy==2.4.6
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet MNN==3.6.1 onnx==1.23.2 onnxruntime==1.32.0 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import subprocess
import sys
from pathlib import Path

import MNN.expr
import MNN.nn
import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper

PAIRS = ((10, 5), (80, 78), (88, 86), (100, 90), (-100, -90))


def both(size):
    """Probabilities of the first class in ONNX Runtime and MNN, of each pair in one pixel of an image."""
    shape = [1, 2, size, size]
    logits, result = (helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name in ("logits", "result"))
    graph = helper.make_graph([helper.make_node("Softmax", ["logits"], ["result"], axis=1)], "g", [logits], [result])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=9), "m.onnx")
    convert = [Path(sys.executable).with_name("mnnconvert"), "-f", "ONNX", "--modelFile", "m.onnx", "--MNNModel", "m.mnn"]
    subprocess.run([*convert, "--bizCode", "x"], check=True, capture_output=True)
    session = onnxruntime.InferenceSession("m.onnx")
    network = MNN.nn.load_module_from_file("m.mnn", ["logits"], ["result"])
    for pair in PAIRS:
        image = np.zeros(shape, np.float32)
        image[0, :, 0, 0] = pair
        found = network.forward([MNN.expr.const(image, shape, MNN.expr.NCHW)])[0]
        found = MNN.expr.convert(found, MNN.expr.NCHW).read()
        yield float(session.run(None, {"logits": image})[0][0, 0, 0, 0]), float(found[0, 0, 0, 0])


seen = {}
for size in (2, 16):
    for pair, (right, found) in zip(PAIRS, both(size), strict=True):
        seen[size, pair] = right, found
        print(f"{size} x {size} pixels, logits {pair}: ONNX Runtime {right:.4f}, MNN {found:.4f}")
for (size, pair), (right, found) in seen.items():
    assert abs(right - found) < 1e-3 or (size == 16 and max(map(abs, pair)) > 87)
for pair in ((100, 90), (-100, -90)):
    assert abs(seen[16, pair][1] - 0.5) < 1e-3, "MNN has changed"
PYTHON
