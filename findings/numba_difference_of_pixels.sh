#!/usr/bin/env bash
# numba's difference of two pixels of 8 bits is 18446744073709551614.
# Guess: a loop under @njit computes as the same loop in Python does: pixels of 3 and 5 in uint8 differ by 254, which
#   wraps, or by -2, which numba, that counts in 64 bits, can hold.
# Seen: it is 2 ** 64 - 2, as single numbers of 8, 16 and 32 bits become uint64, and abs() leaves it: the sum of the
#   steps along a row of 4 pixels is 3.7e19 for 12. As arrays 3 - 5 is 254, as in NumPy. With one of the two in int8 or
#   as a float it is -2.
# Version: numba==0.68.1 numpy==2.4.6
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet numba==0.68.1 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" -W error - <<'PYTHON'
import numba
import numpy as np


@numba.njit
def steps(row):
    total = 0.0
    for place in range(1, len(row)):
        total += abs(row[place] - row[place - 1])
    return total


@numba.njit
def single(one, other):
    return one[0] - other[0]


@numba.njit
def arrays(one, other):
    return one - other


row = [5, 3, 9, 5]
seen = {}
for dtype in (np.uint8, np.uint16, np.uint32, np.int16, np.float32):
    pair = np.array([3], dtype), np.array([5], dtype)
    seen[dtype] = steps(np.array(row, dtype)), single(*pair), int(arrays(*pair)[0])
    print(
        f"{np.dtype(dtype)}: 3 - 5 is {seen[dtype][1]}, "
        f"of arrays {seen[dtype][2]}; steps along a row {seen[dtype][0]:.3g} for 12"
    )
assert all(seen[dtype] == (12, -2, -2) for dtype in (np.int16, np.float32)) and seen[np.uint8][2] == 254
assert all(seen[dtype][0] > 1e19 and seen[dtype][1] == 2**64 - 2 for dtype in (np.uint8, np.uint16, np.uint32)), (
    "numba has changed"
)
PYTHON
