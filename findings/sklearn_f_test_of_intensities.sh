#!/usr/bin/env bash
# scikit-learn's F test of features in 16 or 32 bits is negative, or far too large, where intensities are far from 0.
# Guess: f_classif, and SelectKBest which takes it by itself, computes in float64, so that a table of uint16 or
#   float32 has the F values of the same numbers in float64, and none is below 0.
# Seen: 20000 cells of two classes with four intensities of 40000 +- 50, two of which differ by 10 and by 3: F is 178, 22, 0
#   and 1 in float64, and -1214, 128, 289 and -370 in float32 and uint16, with p 0 for two features and NaN for the others:
#   the best feature is one that tells nothing. Around 5000 such a feature has an F of 14.5 and p 0 instead of 1.5. Sums of
#   squares are subtracted in float32, which uint16 is converted to. f_regression is right. No error, no warning.
# Version: scikit-learn==1.9.1 numpy==2.4.6
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet scikit-learn==1.9.1 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import numpy as np
from sklearn.feature_selection import SelectKBest, f_classif, f_regression

rng = np.random.default_rng(0)
treated = rng.random(20000) < 0.5
worst = {}
for mean in (0, 1000, 5000, 40000):
    table = np.round(rng.normal(0, 50, (20000, 4)) + mean)
    table[:, 0] += 10 * treated
    table[:, 1] += 3 * treated
    right = f_classif(table, treated)[0]
    print(f"{mean} +- 50: F of float64 {right.round(1)}")
    for dtype in (np.float32, np.uint16):
        if dtype is np.uint16 and mean == 0:
            continue
        same = table.astype(dtype)
        assert (same == table).all()
        found, p = f_classif(same, treated)
        best = SelectKBest(k=1).fit(same, treated).get_support().argmax()
        worst[mean, np.dtype(dtype).name] = float(np.abs(found - right).max())
        print(f"    {np.dtype(dtype).name}: F {found.round(1)}, p {p.round(3)}; the best feature is number {best}")
    assert np.allclose(f_regression(table.astype(np.float32), treated.astype(np.float32))[0], right, rtol=0.01, atol=0.1)
assert worst[0, "float32"] < 0.1
for (mean, _), error in worst.items():
    assert mean == 0 or error > {1000: 0.3, 5000: 3, 40000: 100}[mean], "scikit-learn has changed"
PYTHON
