#!/usr/bin/env bash
# pingouin's common-language effect size of unsigned counts is wrong, in the row of a right Mann-Whitney test.
# Guess: CLES, the share of pairs in which the first is larger, does not depend on the number type, as U and RBC do not.
# Seen: of two conditions of 30 wells with about 50 and 54 cells CLES is 0.98 in uint8 and uint32 and 0.32 in floats, with
#   U 288.5 and RBC -0.36 in all: differences of unsigned numbers below 0 start again at the top and count as larger. RBC
#   is 2 CLES - 1, so the row contradicts itself. Label images give counts as unsigned numbers.
# Version: pingouin==0.7.0 numpy==2.4.6
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet pingouin==0.7.0 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import numpy as np
import pingouin

rng = np.random.default_rng(0)
treated = rng.integers(40, 60, 30)
control = treated + rng.integers(0, 10, 30)
seen = {}
for dtype in (float, np.int64, np.uint8, np.uint32):
    row = pingouin.mwu(treated.astype(dtype), control.astype(dtype)).iloc[0]
    seen[dtype] = float(row["CLES"])
    print(f"{np.dtype(dtype)}: U {row['U_val']}, RBC {row['RBC']:.3f}, CLES {row['CLES']:.3f}")
    assert row["U_val"] == pingouin.mwu(treated, control).iloc[0]["U_val"]
pairs = treated[:, None] - control
right = float((pairs > 0).mean() + (pairs == 0).mean() / 2)
print(f"means {treated.mean():.1f} and {control.mean():.1f}; share of pairs in which the first is larger {right:.3f}")
assert abs(seen[float] - right) < 1e-9 and seen[np.int64] == seen[float]
assert seen[np.uint8] > 0.9 and seen[np.uint32] > 0.9, "pingouin has changed"
PYTHON
