#!/usr/bin/env bash
# polars counts cells in unsigned numbers: a well that loses a cell "gains" 4294967295, and means across columns wrap, too.
# Guess: after - before of two counts is negative where cells are lost, as in pandas; a mean of two columns lies between them.
# Seen: 3 cells before and 2 after: len() gives UInt32, and the change is 4294967295, the change in parts 1431655765 for
#   -0.33. mean_horizontal of 40000 and 40000 in UInt16 is 7232, sum_horizontal 14464. diff(), mean() and pct_change() are
#   right, and all is with counts cast to Int64. No error, no warning.
# Version: polars==2.1.0 pandas==3.1.1 numpy==2.4.6
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet polars==2.1.0 pandas==3.1.1 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" -W error - <<'PYTHON'
import numpy as np
import pandas as pd
import polars as pl

cells = {"well": ["A1"] * 5 + ["B1"] * 8, "time": ["before"] * 3 + ["after"] * 2 + ["before"] * 3 + ["after"] * 5}
counts = pl.DataFrame(cells).group_by("well", "time").len().pivot("time", index="well", values="len").sort("well")
change = pl.col("after") - pl.col("before")
found = counts.select("well", change=change, part=change / pl.col("before"))
signed = counts.with_columns(pl.col("before", "after").cast(pl.Int64)).select(change=change)["change"].to_list()
table = pd.DataFrame(cells).groupby(["well", "time"]).size().unstack()
right = (table["after"] - table["before"]).tolist()
print(f"counts are {counts['before'].dtype}; change: polars {found['change'].to_list()}, pandas {right}")
print("change in parts:", [round(part, 2) for part in found["part"].to_list()], " cast to Int64:", signed)
channels = pl.DataFrame({"dapi": np.array([40000, 100], np.uint16), "gfp": np.array([40000, 300], np.uint16)})
across = channels.select(mean=pl.mean_horizontal("dapi", "gfp"), sum=pl.sum_horizontal("dapi", "gfp"))
print(f"mean of 40000 and 40000: {across['mean'][0]}, their sum: {across['sum'][0]}")
assert right == signed == [-1, 2]
assert found["change"].to_list() == [2**32 - 1, 2] and counts["before"].dtype == pl.UInt32, "polars has changed"
assert across["mean"].to_list() == [7232.0, 200.0] and across["sum"].to_list() == [14464, 400], "polars has changed"
PYTHON
