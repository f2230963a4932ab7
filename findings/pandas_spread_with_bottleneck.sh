#!/usr/bin/env bash
# Once bottleneck is installed, pandas' standard deviation of a float32 column is 69 instead of 5; its mean is right.
# Guess: a package that only makes pandas faster, as its own list of extras says of bottleneck, changes no result.
# Seen: 200000 intensities of 60000 +- 5 in float32 have a std() of 69.3 with bottleneck, and of 5.003 without it or after
#   pd.set_option("compute.use_bottleneck", False); var() and describe() follow, sem() does not. 1000 +- 10 in the pixels of a large
#   image have 24.6 for 10.0. bottleneck measures from a mean that it adds up in float32; the mean itself pandas does not
#   leave to it. Columns of float64 and groupby are right. No error, no warning.
# Version: pandas==3.1.1 bottleneck==1.6.0 numpy==2.4.6
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet pandas==3.1.1 bottleneck==1.6.0 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" -W error - <<'PYTHON'
import numpy as np
import pandas as pd

rng = np.random.default_rng(0)
seen = {}
for middle, spread, count in ((0, 5, 200_000), (60_000, 5, 200_000), (1000, 10, 4096 * 4096)):
    values = (middle + spread * rng.standard_normal(count, np.float32)).astype(np.float32)
    column = pd.Series(values)
    right = float(values.std(ddof=1, dtype=float))
    found = {"float64": float(column.astype(float).std())}
    for used in (True, False):
        with pd.option_context("compute.use_bottleneck", used):
            found["with" if used else "without"] = float(column.std())
            mean = float(column.mean())
        assert abs(mean - values.mean(dtype=float)) < 0.02
    found["groupby"] = float(column.groupby(np.zeros(count, int)).std().iloc[0])
    print(f"{count} values of {middle} +- {spread}: {right:.3f}; pandas", {how: round(std, 3) for how, std in found.items()})
    assert all(abs(found[how] / right - 1) < 0.001 for how in ("without", "float64", "groupby"))
    seen[middle] = found["with"] / right
assert abs(seen[0] - 1) < 0.001
assert seen[60_000] > 5 and seen[1000] > 1.5, "pandas or bottleneck has changed"
PYTHON
