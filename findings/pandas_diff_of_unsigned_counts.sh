#!/usr/bin/env bash
# pandas' diff of unsigned counts is wrong wherever a count falls, although its result is made of floats.
# Guess: diff gives floats, since its first value is NaN, and 100 after 200 is a difference of -100.0.
# Seen: of counts of 200, 100 and 150 it is NaN, 156.0 and 50.0 in uint8, NaN, 65436.0 and 50.0 in uint16: differences
#   are taken in the type of the column and made floats afterwards, which hides it. In int64 they are -100.0 and 50.0; diff
#   by groupby, and pct_change, are right in every type. Counts from label images are unsigned.
# Version: pandas==3.1.1 numpy==2.4.6
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet pandas==3.1.1 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" -W error - <<'PYTHON'
import numpy as np
import pandas as pd

counts = [200, 100, 150]
seen = {}
for dtype in (np.int64, np.uint8, np.uint16, np.uint32):
    table = pd.DataFrame({"well": ["A1"] * 3, "count": np.array(counts, dtype)})
    plain, grouped = table["count"].diff(), table.groupby("well")["count"].diff()
    changes = table["count"].pct_change()
    seen[dtype] = plain.tolist()[1:], grouped.tolist()[1:]
    print(f"{np.dtype(dtype)}: diff {plain.tolist()} as {plain.dtype}, by wells {grouped.tolist()}, "
          f"pct_change {changes.round(2).tolist()}")
    assert changes.round(2).tolist()[1:] == [-0.5, 0.5]
assert all(grouped == [-100, 50] for _, grouped in seen.values()) and seen[np.int64][0] == [-100, 50]
for dtype, top in ((np.uint8, 2**8), (np.uint16, 2**16), (np.uint32, 2**32)):
    assert seen[dtype][0] == [top - 100, 50], "pandas has changed"
PYTHON
