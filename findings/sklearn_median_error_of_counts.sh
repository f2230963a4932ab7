#!/usr/bin/env bash
# scikit-learn's median error of cells counted in 16 bits is 65518 for 11; its mean error of the same counts is right.
# Guess: median_absolute_error and max_error of unsigned counts are those of the same numbers as floats, as
#   mean_absolute_error, mean_squared_error and r2_score are.
# Seen: of five wells, counted as labels.max() of 16-bit label images, the errors are 11, 3, 18, 1 and 16: the mean is 9.8
#   in each type, the median 65518 as uint16 and 238 as uint8 for 11, the largest error 65535 and 255 for 18. The median is
#   right where no prediction is below the truth, the largest where none is above, so that a test may miss it. No error,
#   no warning.
# Version: scikit-learn==1.9.1 numpy==2.4.6
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet scikit-learn==1.9.1 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" -W error - <<'PYTHON'
import numpy as np
from sklearn.metrics import max_error, mean_absolute_error, mean_squared_error, median_absolute_error, r2_score

truth, found = np.array([212, 187, 240, 198, 225]), np.array([201, 190, 222, 199, 209])
seen = {}
for dtype in (np.uint8, np.uint16, np.int64):
    for score in (mean_absolute_error, mean_squared_error, r2_score, median_absolute_error, max_error):
        seen[np.dtype(dtype).name, score.__name__] = float(score(truth.astype(dtype), found.astype(dtype)))
    print(f"{np.dtype(dtype)}:", {name: round(value, 2) for (kind, name), value in seen.items() if kind == np.dtype(dtype)})
narrow = truth.astype(np.uint16)
one_way = [float(score(narrow, moved)) for moved in (narrow + 10, narrow - 10) for score in (median_absolute_error, max_error)]
print("median and largest error as uint16, every prediction 10 above the truth: {}, {}; 10 below: {}, {}".format(*one_way))
errors = np.abs(truth - found)
assert [seen["int64", name] for name in ("median_absolute_error", "max_error")] == [np.median(errors), errors.max()]
assert one_way == [10, 65526, 65526, 10]
for dtype in ("uint8", "uint16"):
    for name in ("mean_absolute_error", "mean_squared_error", "r2_score"):
        assert seen[dtype, name] == seen["int64", name]
assert [seen["uint8", name] for name in ("median_absolute_error", "max_error")] == [238, 255], "scikit-learn has changed"
assert [seen["uint16", name] for name in ("median_absolute_error", "max_error")] == [65518, 65535], "it has changed"
PYTHON
