#!/usr/bin/env bash
# fast_histogram leaves out the pixels at the upper end of its range: saturated ones are in no bin.
# Guess: histogram1d counts as numpy.histogram does, faster: the last bin holds its upper edge, so that all pixels of an
#   8-bit image are counted in a range of (0, 255), and those of floats from 0 to 1 in (0, 1).
# Seen: of 10000 pixels of an 8-bit image, 1506 of them saturated, it counts 8494; scaled to floats from 0 to 1, the
#   same. histogram2d, of two stains, leaves out every pixel that is saturated in one of them. The last of 16 bins has
#   554 pixels for 2060. numpy.histogram counts 10000.
# Version: fast-histogram==0.14 numpy==2.4.6
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet fast-histogram==0.14 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" -W error - <<'PYTHON'
import fast_histogram
import numpy as np

image = np.clip(np.random.default_rng(0).normal(180, 72, 10000), 0, 255).astype(np.uint8)
saturated = int((image == 255).sum())
seen = {}
for name, pixels, top in (("8 bits", image, 255), ("floats from 0 to 1", image / 255, 1)):
    fast = fast_histogram.histogram1d(pixels, bins=16, range=(0, top))
    right = np.histogram(pixels, bins=16, range=(0, top))[0]
    both = fast_histogram.histogram2d(pixels, pixels[::-1], bins=16, range=[(0, top), (0, top)])
    seen[name] = int(fast.sum()), int(both.sum())
    print(
        f"{name}: {int(fast.sum())} of {right.sum()} pixels, "
        f"in the last bin {int(fast[-1])} of {right[-1]}; of pairs {int(both.sum())}"
    )
    assert right.sum() == image.size and right[-1] - fast[-1] == saturated
print(f"saturated: {saturated}")
assert saturated > 1000
assert all(ones == image.size - saturated and pairs < ones for ones, pairs in seen.values()), (
    "fast_histogram has changed"
)
PYTHON
