#!/usr/bin/env bash
# The standard deviation of 65520 half floats or more is 0 in pandas, and of few large ones infinite; their mean is right.
# Guess: as mean() of a column of float16 is computed in more digits, so are std(), var(), sem() and describe().
# Seen: of 65504 numbers between 0 and 1 the standard deviation is 0.289, of 65520 it is 0.0, with the mean right; of 5000
#   numbers from 500 to 1500 it is infinite. There is a RuntimeWarning of an overflow in a cast. The same column grouped
#   by anything gives 0.289, and so does NumPy.
# Version: pandas==3.1.1 numpy==2.4.6
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet pandas==3.1.1 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import warnings

import numpy as np
import pandas as pd

rng = np.random.default_rng(0)
seen = {}
columns = {f"{count} numbers from 0 to 1": rng.random(count) for count in (65504, 65520, 200000)}
columns["5000 numbers from 500 to 1500"] = 500 + 1000 * rng.random(5000)
for name, values in columns.items():
    table = pd.DataFrame({"all": "a", "value": values.astype(np.float16)})
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        spread = float(table["value"].std())
    grouped, exact = (float(one) for one in (table.groupby("all")["value"].std().iloc[0], values.std(ddof=1)))
    mean = float(table["value"].mean())
    seen[name] = spread / exact
    print(f"{name}: mean {mean:.4g}, std {spread:.4g}, grouped {grouped:.4g}, exact {exact:.4g}; {len(said)} warnings")
    assert abs(mean / values.mean() - 1) < 1e-3 and abs(grouped / exact - 1) < 1e-3
right, *zeros, infinite = seen.values()
assert abs(right - 1) < 1e-3 and zeros == [0, 0] and infinite == np.inf, "pandas has changed"
PYTHON
