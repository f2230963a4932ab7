"""Draws a plate of 96 wells with 4 fields each, counts it, and compares every well with its label images and its truth.

    python benchmarks/plate.py

Limit: 0 wells whose count differs from their label images. The condition decides how many nuclei are drawn.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

import hooke
from hooke.datasets import simulate
from hooke.io import read_labels, write_png
from hooke.pipeline import SegmentOptions, report_results
from hooke.plates import Well

CONDITIONS = {"control": 0.16, "drug A": 0.10, "drug B": 0.05, "drug C": 0.22}  # share covered by nuclei
ROWS, COLUMNS, FIELDS, SIDE = 8, 12, 4, 128


def main() -> None:
    """Draw, segment, compare, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-o", "--out", type=Path, help="keep images and results here")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = args.out or Path(scratch)
        true = draw_plate(folder)
        start = time.process_time()
        options = SegmentOptions(threads=1)
        hooke.segment_folder([folder / "plate"], folder / "results", options, layout=folder / "layout.csv")
        whole = time.process_time() - start
        start = time.process_time()
        report_results(folder / "results", layout=folder / "layout.csv")
        tables = time.process_time() - start
        print_comparison(folder / "results", true)
    print(f"tables and page: {tables:.1f} of {whole:.1f} s of processor time, {tables / whole:.1%}")


def draw_plate(folder: Path) -> pd.Series[int]:
    """Draw images and layout; give the true count of each well."""
    lines, true = ["well,condition,replicate"], {}
    names = list(CONDITIONS)
    for row in range(ROWS):
        for column in range(COLUMNS):
            well, condition = Well(row, column).name, names[column % len(names)]
            lines.append(f"{well},{condition},{row % 3 + 1}")
            for site in range(1, FIELDS + 1):
                seed = (row * COLUMNS + column) * FIELDS + site
                field = simulate((SIDE, SIDE), seed=seed, diameter=18, density=CONDITIONS[condition], overlap=0)
                write_png(folder / "plate" / f"drawn_{well}_s{site}_w1.png", field.image)
                true[well] = true.get(well, 0) + field.count
    (folder / "layout.csv").write_text("\n".join(lines), encoding="utf-8")
    return pd.Series(true)


def print_comparison(results: Path, true: pd.Series[int]) -> None:
    """Compare the table of wells with the label images and with what was drawn."""
    wells = pd.read_csv(results / "wells.csv").set_index("well")
    labelled = {
        well: sum(len(np.unique(read_labels(path))) - 1 for path in (results / "labels").glob(f"drawn_{well}_*.tif"))
        for well in wells.index
    }
    differ = int((wells["count"] != pd.Series(labelled)).sum())
    print(f"{len(wells)} wells, {wells['count'].sum()} objects in {wells['fields'].sum()} fields, {true.sum()} drawn")
    print(f"wells whose count differs from their label images: {differ}   limit 0")
    print(f"largest difference from what was drawn: {(wells['count'] - true).abs().max()} objects in a well")
    drawn = true.groupby(wells["condition"]).mean() / FIELDS
    found = pd.read_csv(results / "conditions.csv").query("measurement == 'count_per_field'").set_index("condition")
    for name, row in found.iterrows():
        print(
            f"{name:10} {row['mean']:6.2f} ({row['low']:.2f} to {row['high']:.2f}) objects per field over "
            f"{row['replicates']} replicates, drawn {drawn[name]:.2f}"
        )


if __name__ == "__main__":
    main()
