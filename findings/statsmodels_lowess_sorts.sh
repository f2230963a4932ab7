#!/usr/bin/env bash
# statsmodels' lowess returns its values in the order of x, not of the rows: as a new column they belong to other cells.
# Guess: lowess(y, x) gives a value for each row, in the order of the rows, so that y - lowess(y, x)[:, 1] is what is
#   left.
# Seen: of an intensity that is twice the area of cells in no order, nothing should be left; what is left has a standard
#   deviation of 42 where the intensity's own is 30. return_sorted=False, or xvals=x, gives 0.0. Rows with NaN are left
#   out of the sorted result, which is then shorter.
# Version: statsmodels==0.15.0 pandas==3.1.1 numpy==2.4.6
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet statsmodels==0.15.0 pandas==3.1.1 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import numpy as np
import pandas as pd
from statsmodels.nonparametric.smoothers_lowess import lowess

random = np.random.default_rng(0)
cells = pd.DataFrame({"area": random.uniform(50, 100, 200)})
cells["intensity"] = 2 * cells["area"]
sorted_ = lowess(cells["intensity"], cells["area"])
as_rows = lowess(cells["intensity"], cells["area"], return_sorted=False)
left = {
    "intensity itself": cells["intensity"],
    "less lowess": cells["intensity"] - sorted_[:, 1],
    "less lowess with return_sorted=False": cells["intensity"] - as_rows,
}
for name, values in left.items():
    print(f"{name}: standard deviation {values.std():.1f}")
cells.loc[3, "intensity"] = np.nan
shorter = lowess(cells["intensity"], cells["area"])
print(f"with one NaN: {len(shorter)} of {len(cells)} rows")
assert (np.diff(sorted_[:, 0]) >= 0).all() and len(shorter) == 199, "statsmodels has changed"
assert left["less lowess"].std() > left["intensity itself"].std(), "statsmodels has changed"
assert left["less lowess with return_sorted=False"].abs().max() < 1e-6
PYTHON
