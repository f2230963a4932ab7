#!/usr/bin/env bash
# LightGBM predicts a table by the order of its columns, not by their names: half of the cells get the other class.
# Guess: a table with the same columns in another order is predicted the same, or is an error, as in scikit-learn and
#   XGBoost, since the model knows the names of its columns.
# Seen: a model of "area" and "mean" that is right for all cells is right for half of them where the table has "mean" before
#   "area", as tables of two versions or programs have. Two other names change nothing, either: a model of an area in pixels
#   takes "area_um2". predict(..., validate_features=True), off unless it is asked for, refuses both.
# Version: lightgbm==4.7.0 pandas==3.1.1 scikit-learn==1.9.1 numpy==2.4.6
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet lightgbm==4.7.0 pandas==3.1.1 scikit-learn==1.9.1 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import lightgbm
import numpy as np
import pandas as pd
from sklearn.ensemble import HistGradientBoostingClassifier

rng = np.random.default_rng(0)
cells = pd.DataFrame({"area": rng.normal(300, 50, 500), "mean": rng.normal(1000, 200, 500)})
large = (cells["area"] > 300).to_numpy()
other = cells[["mean", "area"]]
renamed = cells.rename(columns={"area": "area_um2", "mean": "maximum"})
model = lightgbm.LGBMClassifier(verbose=-1).fit(cells, large)
right = {
    name: float((model.predict(table) == large).mean())
    for name, table in (("as trained", cells), ("in another order", other), ("with other names", renamed))
}
print("right classes of LightGBM:", right)


def refuses(predict, table, **options):
    try:
        predict(table, **options)
    except Exception as error:
        print(f"refused: {type(error).__name__}: {str(error).splitlines()[0][:100]}")
        return True
    return False


peer = HistGradientBoostingClassifier().fit(cells, large)
assert refuses(peer.predict, other) and refuses(peer.predict, renamed)
assert refuses(model.predict, other, validate_features=True) and refuses(model.predict, renamed, validate_features=True)
assert right["as trained"] == 1.0 and right["with other names"] == 1.0, "LightGBM has changed"
assert right["in another order"] < 0.7, "LightGBM has changed"
PYTHON
