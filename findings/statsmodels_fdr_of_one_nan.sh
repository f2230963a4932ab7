#!/usr/bin/env bash
# One feature without a p-value makes every corrected p-value of statsmodels NaN, and with Hommel's method nothing is found.
# Guess: multipletests leaves a NaN, as a feature that is the same in all cells gives, out, or gives NaN for it alone.
# Seen: with fdr_bh, fdr_by and simes-hochberg all corrected p-values are NaN, though the features to be rejected are still
#   marked; with hommel all are NaN and none is marked, where two are without the NaN; bonferroni, holm and sidak count
#   the NaN as a test. No error, no warning. SciPy's false_discovery_control raises an error.
# Version: statsmodels==0.15.0 scipy==1.17.1 pandas==3.1.1 numpy==2.4.6
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet statsmodels==0.15.0 scipy==1.17.1 pandas==3.1.1 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import warnings

import numpy as np
from scipy.stats import false_discovery_control
from statsmodels.stats.multitest import multipletests

p = np.array([0.001, 0.002, np.nan, 0.3, 0.04])
known = p[~np.isnan(p)]
seen = {}
for method in ("fdr_bh", "fdr_by", "simes-hochberg", "hommel", "bonferroni", "holm", "sidak"):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found, corrected, *_ = multipletests(p, method=method)
        right, without, *_ = multipletests(known, method=method)
    seen[method] = int(found.sum()), int(np.isnan(corrected).sum()), float(corrected[0] / without[0])
    print(f"{method}: {found.sum()} found, corrected {corrected.round(4)}; without the NaN {right.sum()}, {without.round(4)}")
    assert right.sum() == 2
assert np.allclose(multipletests(known, method="fdr_bh")[1], false_discovery_control(known))
try:
    false_discovery_control(p)
    raise SystemExit("SciPy has changed")
except ValueError as error:
    print(f"SciPy: {error}")
for method in ("fdr_bh", "fdr_by", "simes-hochberg"):
    assert seen[method][:2] == (2, 5), "statsmodels has changed"
assert seen["hommel"][:2] == (0, 5), "statsmodels has changed"
for method in ("bonferroni", "holm", "sidak"):
    assert seen[method][:2] == (2, 1) and 1.24 < seen[method][2] < 1.26, "statsmodels has changed"
PYTHON
