"""Trains the coordinate network without each of its parts and compares how well the variants find cells.

Trains the network whole, and without its global encoder, its coordinate and its patches, with each given seed, and
writes recall, precision and F1 on the validation images (a point counts when it is in a true cell not yet matched) as
Markdown. A run that exists is not trained again.

    python benchmarks/coordinate.py configs/dkfz-coordinate.yaml --runs runs/coordinate-parts --seeds 0 1 2
"""

from __future__ import annotations

import argparse
from pathlib import Path
from statistics import mean

import pandas as pd

from hooke.training import load_config, train

PARTS = {"whole": None, "no global": "no_global", "no coordinate": "no_coordinate", "no patch": "no_patch"}
SCORES = ("val/recall", "val/precision", "val/f1")


def main() -> None:
    """Read the arguments, train what is missing, print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("config", type=Path)
    parser.add_argument("--runs", type=Path, default=Path("runs/coordinate-parts"))
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--steps", type=int, help="instead of the configuration's")
    given = parser.parse_args()
    print("| network | seeds | recall | precision | F1 |\n|---|---|---|---|---|")
    for name, flag in PARTS.items():
        best = [best_scores(given.config, given.runs, flag, seed, given.steps) for seed in given.seeds]
        columns = [f"{100 * mean(one[score] for one in best):.2f} %" for score in SCORES]
        print(f"| {name} | {len(best)} | " + " | ".join(columns) + " |", flush=True)


def best_scores(config: Path, runs: Path, flag: str | None, seed: int, steps: int | None) -> dict[str, float]:
    """Scores of the best validation of one run, which is trained if it is missing."""
    run = runs / f"{flag or 'whole'}-{seed}"
    if not (run / "result.json").is_file():
        changes = {"seed": seed} | ({flag: True} if flag else {}) | ({"steps": steps} if steps else {})
        train(load_config(config, changes), run)
    table = pd.read_csv(run / "metrics.csv").dropna(subset="val/f1")
    return table.loc[table["val/f1"].idxmax(), list(SCORES)].to_dict()


if __name__ == "__main__":
    main()
