#!/usr/bin/env bash
# polars' quantile(0.5), and the "50%" of its describe, are not the median: a quantile is one of the values there.
# Guess: quantile(0.5) equals median(), and describe() prints the quartiles that pandas prints.
# Seen: of the areas 90, 100, 110 and 400 the median is 105, quantile(0.5) 110 and the "50%" of describe() 110; pandas
#   has 105 for all. Of two wells, 100 and 300, it is 300. The nearest value is taken unless interpolation="linear" is
#   given to either.
# Version: polars==2.1.0 pandas==3.1.1 numpy==2.4.6
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet polars==2.1.0 pandas==3.1.1 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import pandas as pd
import polars as pl

areas = [90.0, 100.0, 110.0, 400.0]
table, other = pl.DataFrame({"area": areas}), pd.DataFrame({"area": areas})


def half(description):
    """The entry of "50%" in polars' description."""
    return description.filter(pl.col("statistic") == "50%")["area"].item()


seen = {
    "polars' median": table["area"].median(),
    "polars' quantile(0.5)": table["area"].quantile(0.5),
    "polars' describe": half(table.describe()),
    "polars' quantile(0.5), linear": table["area"].quantile(0.5, interpolation="linear"),
    "polars' describe, linear": half(table.describe(interpolation="linear")),
    "pandas' quantile(0.5)": float(other["area"].quantile(0.5)),
    "pandas' describe": float(other["area"].describe()["50%"]),
}
for name, value in seen.items():
    print(f"{name}: {value}")
two = pl.Series([100.0, 300.0])
print(f"of 100 and 300: median {two.median()}, quantile(0.5) {two.quantile(0.5)}")
differs = [name for name, value in seen.items() if value != 105]
assert differs == ["polars' quantile(0.5)", "polars' describe"], "polars has changed"
assert table["area"].quantile(0.5) == 110 and two.quantile(0.5) == 300, "polars has changed"
PYTHON
