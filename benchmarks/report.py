"""Measures the time and the size of report.html for predictions and a data set.

hooke segment data/dsb2018/images -o pred
python benchmarks/report.py pred data/dsb2018 --split test -o report.html
"""

from __future__ import annotations

import argparse
import os
import time
from pathlib import Path

from hooke.evaluation import evaluate
from hooke.report.html import write_report


def main() -> None:
    """Parse, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pred", type=Path)
    parser.add_argument("truth", type=Path)
    parser.add_argument("--split")
    parser.add_argument("-o", "--out", type=Path, default=Path("report.html"))
    args = parser.parse_args()
    start = time.perf_counter()
    evaluation = evaluate(args.pred, args.truth, split=args.split)
    scored = time.perf_counter()
    write_report(evaluation, args.out)
    written = time.perf_counter()
    print(f"{evaluation.overall.images} images, {evaluation.overall.n_true} true objects")
    print(f"scores  {scored - start:6.1f} s")
    print(f"report  {written - scored:6.1f} s, {args.out.stat().st_size / 1e6:.2f} MB")
    print(f"load of the machine: {os.getloadavg()[0]:.1f} of {os.cpu_count()} cores")


if __name__ == "__main__":
    main()
