#!/usr/bin/env bash
# NumPy's searchsorted and intersect1d take ids of neurons in uint64 and int64 for one another.
# Guess: the ids of a label image (uint64) are looked up in a sorted table (int64) exactly, as isin and pandas' merge do
#   it: both types hold them.
# Seen: searchsorted gives the first row of the table for each of three ids that follow one another, so all have its
#   values, and intersect1d calls ...145 common to a list without it, twice. A table that pandas' concat makes of both
#   types has one id for four, as has union1d: the common type of uint64 and int64 is float64, which steps by 128 there.
#   NumPy's isin and pandas' merge are right, and so is everything when both are of one type.
# Version: numpy==2.4.6 pandas==3.1.1
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet numpy==2.4.6 pandas==3.1.1
cd "$folder"
"$folder/venv/bin/python" -W error - <<'PYTHON'
import numpy as np
import pandas as pd

first = 720575940621039145
table = np.array([first, first + 1, first + 2, first + 3], np.int64)
image = table[:3].astype(np.uint64)
mine, others = image[:1], table[1:3]
seen = {
    "rows": np.searchsorted(table, image).tolist(),
    "common": np.intersect1d(mine, others).size,
    "ids of union1d": np.union1d(image, table).size,
    "ids of concat": pd.concat([pd.Series(image), pd.Series(table)]).nunique(),
}
one_type = {
    "rows": np.searchsorted(table, image.astype(np.int64)).tolist(),
    "common": np.intersect1d(mine.astype(np.int64), others).size,
    "ids of union1d": np.union1d(image.astype(np.int64), table).size,
    "ids of concat": pd.concat([pd.Series(image.astype(np.int64)), pd.Series(table)]).nunique(),
}
exact = np.isin(mine, others).tolist(), len(pd.DataFrame({"id": mine}).merge(pd.DataFrame({"id": others}), on="id"))
print(f"uint64 and int64: {seen}\nint64 and int64: {one_type}\nisin, rows of merge: {exact}")
assert one_type == {"rows": [0, 1, 2], "common": 0, "ids of union1d": 4, "ids of concat": 4} and exact == ([False], 0)
assert seen["rows"] == [0, 0, 0] and seen["common"] == 2, "NumPy has changed"
assert seen["ids of union1d"] == seen["ids of concat"] == 1, "NumPy or pandas has changed"
PYTHON
