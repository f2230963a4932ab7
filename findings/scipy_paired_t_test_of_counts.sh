#!/usr/bin/env bash
# scipy's paired t test of unsigned counts turns a loss of cells into a significant gain: t -4.8 becomes 7.0.
# Guess: ttest_rel of counts or intensities in 16 bits is that of the same numbers as floats, as ttest_ind and wilcoxon are.
# Seen: eight wells before and after, counted as labels.max() of 16-bit label images, so that the counts are uint16; seven
#   lost cells. By hand and as floats t is -4.82 and p 0.0019; as uint16 t is 7.00 and p 0.0002, in uint8 and uint32
#   likewise, and for the columns of a DataFrame: a difference below 0 wraps around. No error, no warning.
# Version: scipy==1.17.1 pandas==3.1.1 numpy==2.4.6
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet scipy==1.17.1 pandas==3.1.1 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" -W error - <<'PYTHON'
import numpy as np
import pandas as pd
from scipy import stats


def label_image(cells):
    """Cells of 2 x 2 pixels, numbered from 1."""
    labels = np.zeros((64, 64), np.uint16)
    row, column = np.divmod(np.arange(cells), 21)
    for y, x in ((0, 0), (0, 1), (1, 0), (1, 1)):
        labels[3 * row + y, 3 * column + x] = np.arange(1, cells + 1)
    return labels


before = np.array([label_image(cells).max() for cells in (212, 187, 240, 198, 225, 176, 203, 219)])
after = np.array([label_image(cells).max() for cells in (201, 180, 222, 190, 209, 177, 192, 201)])
change = after.astype(float) - before
by_hand = change.mean() / (change.std(ddof=1) / np.sqrt(len(change)))
table = pd.DataFrame({"before": before, "after": after})
seen = {"columns of a table": stats.ttest_rel(table["after"], table["before"])}
for dtype in (np.uint8, np.uint16, np.uint32, np.int64, np.float64):
    seen[np.dtype(dtype).name] = stats.ttest_rel(after.astype(dtype), before.astype(dtype))
print(f"counts are {before.dtype}, changes {change.astype(int).tolist()}, t by hand {by_hand:.2f}")
for name, result in seen.items():
    print(f"{name}: t {result.statistic:.2f}, p {result.pvalue:.2g}")
others = stats.ttest_ind(after, before).pvalue - stats.ttest_ind(after.astype(float), before.astype(float)).pvalue
print(f"unpaired, p differs by {others:.2g}")
assert before.dtype == np.uint16 and abs(by_hand + 4.82) < 0.01 and others == 0
for name, result in seen.items():
    assert abs(result.statistic - (by_hand if name in ("int64", "float64") else 7)) < 0.05, "scipy has changed"
PYTHON
