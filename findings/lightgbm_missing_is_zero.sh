#!/usr/bin/env bash
# LightGBM takes a value that is missing for 0 where none was missing in training, and is sure of the class.
# Guess: a cell with a missing measurement is sent where most cells of the training went, as scikit-learn does, or
#   refused.
# Seen: of cells with an area of 50 to 150 those above 80 are tumour cells (69 %). A cell without an area is a tumour
#   cell with the probability 0.000, as one of area 0 is; for scikit-learn's HistGradientBoosting it is 1.000. Where a
#   few areas were missing in training, LightGBM follows the classes of these cells. No error, no warning.
# Version: lightgbm==4.7.0 scikit-learn==1.9.1 numpy==2.4.6
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet lightgbm==4.7.0 scikit-learn==1.9.1 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import lightgbm
import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier

random = np.random.default_rng(0)
cells = random.uniform(50, 150, (2000, 2))  # area and another measurement
tumour = cells[:, 0] > 80
asked = np.array([[np.nan, 100.0], [0.0, 100.0], [140.0, 100.0]])
some_missing = cells.copy()
some_missing[random.choice(np.flatnonzero(tumour), 20, replace=False), 0] = np.nan
seen = {}
for name, model, table in (
    ("LightGBM", lightgbm.LGBMClassifier(verbose=-1, n_jobs=1), cells),
    ("LightGBM, 20 areas missing in training", lightgbm.LGBMClassifier(verbose=-1, n_jobs=1), some_missing),
    ("HistGradientBoosting", HistGradientBoostingClassifier(), cells),
):
    seen[name] = model.fit(table, tumour).predict_proba(asked)[:, 1].round(3).tolist()
    print("{}: area missing {}, area 0 {}, area 140 {}".format(name, *seen[name]))
print(f"tumour cells: {tumour.mean():.0%}")
missing, zero, large = seen["LightGBM"]
assert missing == zero < 0.01 and large > 0.99, "LightGBM has changed"
assert seen["LightGBM, 20 areas missing in training"][0] > 0.99, "LightGBM has changed"
assert seen["HistGradientBoosting"][0] > 0.99
PYTHON
