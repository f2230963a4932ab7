#!/usr/bin/env bash
# tinybrain's coarse level of an image with an odd number of rows ends with a row of 0.
# Guess: the last row of 255 has no neighbour, so it is averaged with itself or left out, as in a level of odd width.
# Seen: of 255 x 254 pixels of 100, downsample_with_averaging gives 128 x 127 pixels whose last row is 0, in 8 and 16 bits
#   and floats, 2D and in stacks, by its fast path for one level, which is the default. With num_mips=2 the same level is
#   100 everywhere; so is that of labels. A coarse level darkens at one side.
# Version: tinybrain==1.7.0 numpy==2.4.6
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet tinybrain==1.7.0 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import numpy as np
import tinybrain

FACTOR = (2, 2, 1)
seen = {}
for dtype in (np.uint8, np.uint16, np.float32):
    for size in ((256, 254, 3), (255, 254, 3), (255, 254, 1)):
        image = np.full(size, 100, dtype)
        one = tinybrain.downsample_with_averaging(image, FACTOR)[0]
        two = tinybrain.downsample_with_averaging(image, FACTOR, num_mips=2)[0]
        assert one.shape == two.shape and (two == 100).all() and (one[:-1] == 100).all()
        seen[size[0]] = [int(value) for value in np.unique(one[-1])]
        print(f"{np.dtype(dtype)} {size} of 100: the last row of {one.shape} is {seen[size[0]]}, of two levels [100]")
        assert seen[256] == [100]
        assert size[0] == 256 or 100 not in seen[255], "tinybrain has changed"
assert (tinybrain.downsample_segmentation(np.full((255, 254, 3), 100, np.uint8), FACTOR)[0] == 100).all()
PYTHON
