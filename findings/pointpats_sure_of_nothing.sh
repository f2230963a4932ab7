#!/usr/bin/env bash
# pointpats gives its lowest p-values, 0, where there is nothing to tell: where the pattern equals every simulation.
# Guess: g_test, f_test and k_test of cells at random give p-values that are below 0.05 at one distance of 20 or so, and
#   1 at a distance of 0, and where every cell has a neighbour in each simulation, too.
# Seen: in each of 40 fields the p-value at a distance of 0 is 0, and that of G at 25 and 30, where the pattern and all
#   99 simulations are 1. Equal simulations count as none that is as extreme. Taken as the least p over all distances,
#   every field is far from random.
# Version: pointpats==2.5.5 numpy==2.4.6
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet pointpats==2.5.5 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import numpy as np
from pointpats import f_test, g_test, k_test

np.random.seed(0)
fields = np.random.default_rng(0).random((40, 150, 2)) * 100
distances = (0, 30, 7)
seen = {}
for test in (g_test, f_test, k_test):
    found = [test(field, support=distances, n_simulations=99, keep_simulations=True) for field in fields]
    p = np.array([one.pvalue for one in found])
    equal = np.array([(one.simulations == one.statistic).all(axis=0) for one in found])
    seen[test.__name__] = p, equal
    print(
        f"{test.__name__}: distances {np.round(found[0].support)}, "
        f"share of fields with p of 0 {(p == 0).mean(axis=0).round(2)}"
    )
    print(f"  where all simulations equal the pattern, {equal.sum()} times: p up to {p[equal].max()}")
assert all((p[:, 0] == 0).all() and equal[:, 0].all() for p, equal in seen.values()), "pointpats has changed"
assert (seen["g_test"][0][:, -1] == 0).all() and seen["g_test"][1][:, -1].all(), "pointpats has changed"
PYTHON
