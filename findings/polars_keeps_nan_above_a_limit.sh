#!/usr/bin/env bash
# polars and DuckDB keep the cells that were not measured (NaN) in "greater than": NaN is above every number there.
# Guess: filter(score > 0.5) drops a row whose score is NaN, as pandas and NumPy do, in any program.
# Seen: of the scores 0.2, 0.7, NaN and 0.9 the rows above 0.5 are 2 in pandas and 3 in polars, and in DuckDB on polars'
#   table, its Parquet and its CSV. DuckDB on pandas' own table, Parquet or CSV gives 2: pandas writes missing values,
#   not NaN. The maximum is 0.9 in polars and NaN in DuckDB. With fill_nan(None) before, all are 2.
# Version: polars==2.1.0 duckdb==2.0.1 pandas==3.1.1 pyarrow==26.0.1 numpy==2.4.6
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet polars==2.1.0 duckdb==2.0.1 pandas==3.1.1 pyarrow==26.0.1 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import duckdb
import numpy as np
import pandas as pd
import polars as pl

scores = np.array([0.2, 0.7, np.nan, 0.9])  # of four cells, one without
by_pandas, by_polars = pd.DataFrame({"score": scores}), pl.DataFrame({"score": scores})
by_pandas.to_parquet("pandas.parquet")
by_pandas.to_csv("pandas.csv", index=False)
by_polars.write_parquet("polars.parquet")
by_polars.write_csv("polars.csv")
above = {
    "pandas": int((by_pandas["score"] > 0.5).sum()),
    "polars": by_polars.filter(pl.col("score") > 0.5).height,
    "polars, NaN as null": by_polars.fill_nan(None).filter(pl.col("score") > 0.5).height,
}
for source in ("by_pandas", "'pandas.parquet'", "'pandas.csv'", "by_polars", "'polars.parquet'", "'polars.csv'"):
    above[f"DuckDB on {source}"] = len(duckdb.sql(f"select score from {source} where score > 0.5").fetchall())
((by_duckdb,),) = duckdb.sql("select max(score) from by_polars").fetchall()
for name, count in above.items():
    print(f"cells above 0.5, {name}: {count}")
print(f"maximum: polars {by_polars['score'].max()}, DuckDB {by_duckdb}")
wrong = {name for name, count in above.items() if count == 3}
assert wrong == {"polars", "DuckDB on by_polars", "DuckDB on 'polars.parquet'", "DuckDB on 'polars.csv'"}
assert by_polars["score"].max() == 0.9 and np.isnan(by_duckdb), "polars or DuckDB has changed"
PYTHON
