#!/usr/bin/env bash
# scikit-image 0.26 still takes min_size, and removes objects of that size now: the old name has the meaning of the new one.
# Guess: remove_small_objects(labels, min_size=64), which is deprecated, keeps an object of 64 pixels until it is gone,
#   as in 0.25; only max_size removes it.
# Seen: an object of exactly min_size pixels is kept by 0.25.2 and removed by 0.26.0, by name and by position, as with
#   max_size; remove_small_holes fills a hole of exactly area_threshold pixels. The warning of 0.26 says that "the new
#   threshold" does so, "while the previous parameter only removed smaller ones".
# Version: scikit-image==0.26.0 and 0.25.2 scipy==1.17.1 numpy==2.4.6
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cat >"$folder/sizes.py" <<'PYTHON'
import warnings

import numpy as np
import skimage
from skimage.morphology import remove_small_holes, remove_small_objects

labels = np.zeros((32, 32), np.int32)
labels[2:10, 2:10], labels[2:10, 20:29] = 1, 2  # 64 and 72 pixels
hollow = np.ones((32, 32), bool)
hollow[5:13, 5:13] = False  # a hole of 64 pixels
with warnings.catch_warnings(record=True) as said:
    warnings.simplefilter("always")
    found = {
        "min_size=64": np.unique(remove_small_objects(labels, min_size=64)).tolist(),
        "64": np.unique(remove_small_objects(labels, 64)).tolist(),
        "area_threshold=64": int(remove_small_holes(hollow, area_threshold=64).sum()),
    }
print(f"scikit-image {skimage.__version__}: {found}, {len(said)} warnings")
if skimage.__version__ == "0.25.2":
    assert found == {"min_size=64": [0, 1, 2], "64": [0, 1, 2], "area_threshold=64": 960} and not said
else:
    assert found == {"min_size=64": [0, 2], "64": [0, 2], "area_threshold=64": 1024}, "scikit-image has changed"
    assert all("previous parameter only removed smaller ones" in str(one.message) for one in said)
PYTHON
python3 -m venv "$folder/venv"
for version in 0.25.2 0.26.0; do
  "$folder/venv/bin/pip" install --quiet scikit-image==$version scipy==1.17.1 numpy==2.4.6
  (cd "$folder" && venv/bin/python sizes.py)
done
