#!/usr/bin/env bash
# scikit-image's TV-L1 finds less of a movement the fewer of its 16 bits an image uses: 0.8 pixels for 2 in 12 bits.
# Guess: optical_flow_tvl1 and optical_flow_ilk of a frame and the same frame 2 pixels lower are 2 downwards inside the
#   cell, in 8 bits, in 12 bits stored as 16, and in floats: only where the pixels go matters, not the unit of grey
#   values.
# Seen: TV-L1 says 2.00 in 8 bits, 0.81 in 12 bits and 0.00 in int32; around the cell, where there is noise alone, up to
#   250 pixels in floats of counts. ILK says 2.00 in 8 and 12 bits and 0.00 in int32. Whole numbers are divided by the
#   range of their type, and the weights are made for images that use it. No warning.
# Version: scikit-image==0.26.0 numpy==2.4.6
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet scikit-image==0.26.0 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" -W error - <<'PYTHON'
import numpy as np
from skimage.registration import optical_flow_ilk, optical_flow_tvl1

row, column = np.mgrid[:100, :120]
noise = np.random.default_rng(0).normal(0, 20, row.shape)
cell = (300 + 2000 * np.exp(-((row - 50) ** 2 + (column - 60) ** 2) / 300) + noise).clip(0, 4095)
frames = {
    "8 bits": (cell / 16).astype(np.uint8),
    "12 bits in uint16": cell.astype(np.uint16),
    "int32": cell.astype(np.int32),
    "counts in float32": cell.astype(np.float32),
    "float32 from 0 to 1": (cell / 4095).astype(np.float32),
}
inside = np.hypot(row - 50, column - 60) < 15
seen = {}
for name, frame in frames.items():
    for function in (optical_flow_tvl1, optical_flow_ilk):
        down = function(frame, np.roll(frame, 2, axis=0))[0][inside]
        seen[name, function.__name__[13:]] = float(np.median(down))
        print(f"{function.__name__}, {name}: {np.median(down):.2f} pixels for 2")
flow = optical_flow_tvl1(frames["counts in float32"], np.roll(frames["counts in float32"], 2, axis=0))
print(f"tvl1, counts in float32, whole image: up to {np.abs(flow).max():.0f} pixels")
assert all(abs(seen[name, way] - 2) < 0.05 for name in ("8 bits", "float32 from 0 to 1") for way in ("tvl1", "ilk"))
assert abs(seen["12 bits in uint16", "tvl1"] - 0.81) < 0.05 and np.abs(flow).max() > 100, "scikit-image has changed"
assert all(abs(seen["int32", way]) < 0.01 for way in ("tvl1", "ilk")), "scikit-image has changed"
PYTHON
