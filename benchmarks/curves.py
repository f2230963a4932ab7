"""Plots the validation scores of several runs over their steps.

python benchmarks/curves.py runs/mobilenet-imagenet runs/mobilenet-scratch -o docs/images/transfer.svg
"""

from __future__ import annotations

import argparse
from pathlib import Path

import pandas as pd
from matplotlib import rc_context
from matplotlib.figure import Figure

SCORES = {"val/dsb": "DSB score", "val/ap_50_grey": "AP at 0.5, grey", "val/ap_50_colour": "AP at 0.5, in colour"}


def main() -> None:
    """Read each run's metrics.csv, draw, and print the best of each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", type=Path, nargs="+")
    parser.add_argument("-o", "--out", type=Path, required=True, help="picture to write, such as curves.svg")
    args = parser.parse_args()
    figure = Figure(figsize=(11, 3.4), layout="constrained")
    axes = figure.subplots(1, len(SCORES), sharex=True)
    for run in args.runs:
        table = pd.read_csv(run / "metrics.csv").dropna(subset="val/dsb")
        for axis, (column, title) in zip(axes, SCORES.items(), strict=True):
            if column in table:
                axis.plot(table["step"] + 1, table[column], marker="o", markersize=4, label=run.name)
            axis.set(title=title, xlabel="step", ylim=(0, None))
            axis.grid(alpha=0.3)
        best = table.loc[table["val/dsb"].idxmax()]
        print(f"{run.name}: best at step {best['step'] + 1:.0f}", {c: round(best[c], 3) for c in SCORES if c in table})
    axes[0].legend()
    save(figure, args.out)


def save(figure: Figure, target: Path) -> None:
    """Write a plot; an SVG is the same file every time."""
    with rc_context({"svg.hashsalt": "hooke"}):
        figure.savefig(target, metadata={"Date": None} if target.suffix == ".svg" else None)


if __name__ == "__main__":
    main()
