#!/usr/bin/env bash
# scikit-image's Rand error of a result without a single nucleus is 0, that of a perfect one.
# Guess: adapted_rand_error of a truth of one nucleus is 0 for the same nucleus, and near 1 for an empty image, for one
#   object that fills the field, and for a nucleus beside many that are not there.
# Seen: it is 0 for all of them, with a precision and recall of 1. Pixels that are background in the truth do not count,
#   no matter what was found there, and background in the result is an object like others. Of 16 nuclei, none of them
#   found, it is 0.88; with 16 false ones of the same size beside the 16 right ones it is 0.
# Version: scikit-image==0.26.0 numpy==2.4.6
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet scikit-image==0.26.0 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" -W error - <<'PYTHON'
import numpy as np
from skimage.metrics import adapted_rand_error

one = np.zeros((100, 100), int)
one[40:60, 40:60] = 1
false = one.copy()
false[0:30, 0:30], false[70:90, 10:90] = 2, 3
rows = np.zeros((100, 100), int)
for place, (y, x) in enumerate(np.ndindex(4, 4), 1):
    rows[25 * y : 25 * y + 10, 25 * x : 25 * x + 10] = place
beside = np.where(np.roll(rows, (12, 12), (0, 1)) > 0, np.roll(rows, (12, 12), (0, 1)) + 16, rows)
cases = {
    "nothing found": (one, np.zeros_like(one)),
    "the whole field found": (one, np.ones_like(one)),
    "two false nuclei, larger than the right one": (one, false),
    "16 nuclei and 16 false ones": (rows, beside),
    "nothing of 16 nuclei": (rows, np.zeros_like(rows)),
}
seen = {name: adapted_rand_error(*pair) for name, pair in cases.items()}
for name, (error, precision, recall) in seen.items():
    print(f"{name}: error {error:.2f}, the other two values {precision:.2f} and {recall:.2f}")
*wrong, none_of_16 = (error for error, _, _ in seen.values())
assert none_of_16 > 0.8
assert wrong == [0, 0, 0, 0], "scikit-image has changed"
PYTHON
