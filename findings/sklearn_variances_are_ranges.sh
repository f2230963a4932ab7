#!/usr/bin/env bash
# scikit-learn's VarianceThreshold calls ranges variances: of large values it reports maximum less minimum.
# Guess: variances_ are the variances of the features, as documented, so that features can be ranked by them.
# Seen: of three intensities with variances of 2402, 379 and 23.5 they are 342, 136 and 23.5: without a threshold the smaller
#   of variance and range is kept, the range whenever the spread is above 6 or so. With threshold=1e-9 they are the
#   variances. What is selected is right in both cases.
# Version: scikit-learn==1.9.1 numpy==2.4.6
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet scikit-learn==1.9.1 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" -W error - <<'PYTHON'
import numpy as np
from sklearn.feature_selection import VarianceThreshold

table = 40000 + np.random.default_rng(0).normal(0, [50, 20, 5], (400, 3))
seen = {threshold: VarianceThreshold(threshold).fit(table).variances_ for threshold in (0, 1e-9)}
for threshold, variances in seen.items():
    print(f"threshold {threshold}: {variances.round(1).tolist()}")
print(f"variances {table.var(axis=0).round(1).tolist()}, ranges {np.ptp(table, axis=0).round(1).tolist()}")
assert np.allclose(seen[1e-9], table.var(axis=0))
assert np.allclose(seen[0], np.minimum(table.var(axis=0), np.ptp(table, axis=0))), "scikit-learn has changed"
assert (seen[0][:2] < table.var(axis=0)[:2] / 2).all(), "scikit-learn has changed"
PYTHON
