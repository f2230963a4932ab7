"""Measures the time of the scores on 100 random pairs of 1024 x 1024 pixels with 500 objects each.

python benchmarks/metrics.py
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from hooke.metrics import (
    aggregate,
    class_quality,
    coco_scores,
    compare,
    count_comparison,
    count_overlap,
    hausdorff_distance,
    match_points_by_distance,
    score_counts,
)


def main() -> None:
    """Parse, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=100)
    parser.add_argument("--side", type=int, default=1024)
    parser.add_argument("--objects", type=int, default=500)
    args = parser.parse_args()
    rng = np.random.default_rng(0)
    spent: dict[str, NDArray[np.float64]] = {}

    def timed(part: str, work: Callable[[], Any]) -> Any:
        start = clocks()
        result = work()
        spent[part] = spent.get(part, 0) + clocks() - start
        return result

    rows, ranked = [], []
    for _ in range(args.pairs):
        truth = scatter(args.side, args.objects, rng)
        pred = disturb(truth, rng)
        timed("(the overlap table alone)", lambda pred=pred, truth=truth: count_overlap(pred, truth))
        one = timed("compare", lambda pred=pred, truth=truth: compare(pred, truth))
        counts = timed("count and score", lambda one=one: count_comparison(one))
        rows.append(timed("count and score", lambda counts=counts: score_counts(counts)) | counts)
        ranked.append((one.overlap, rng.random(one.overlap.n_pred)))
        classes = [np.array(list("abc"))[ids % 3] for ids in (one.overlap.pred_ids, one.overlap.true_ids)]
        timed("PQ by class", lambda one=one, classes=classes: class_quality(one.overlap, *classes))
        places = one.pred.centroids, one.true.centroids
        timed("points by distance", lambda places=places: match_points_by_distance(*places, max_distance=10))
        timed("(Hausdorff)", lambda one=one, p=pred, t=truth: hausdorff_distance(p, t, one.matching))
    timed("COCO AP", lambda: coco_scores(ranked))
    timed("intervals", lambda: aggregate(rows, resamples=1000))
    objects = np.mean([row["n_true"] for row in rows])
    print(f"{args.pairs} pairs of {args.side} x {args.side} pixels, {objects:.0f} objects each")
    spent["all but those in brackets"] = sum(taken for part, taken in spent.items() if part[0] != "(")
    print(f"{'seconds':28}{'of clock':>10}{'of CPU':>10}")
    for part, (clock, cpu) in spent.items():
        print(f"{part:28}{clock:10.2f}{cpu:10.2f}")
    print(f"load of the machine: {os.getloadavg()[0]:.1f} of {os.cpu_count()} cores")


def clocks() -> NDArray[np.float64]:
    """Seconds of the wall clock and of the processor; they differ where other programs run."""
    return np.array([time.perf_counter(), time.process_time()])


def scatter(side: int, objects: int, rng: np.random.Generator) -> NDArray[np.int32]:
    """Draw ellipses of 8 to 20 pixels' radius anywhere; those that touch stay so."""
    labels = np.zeros((side, side), np.int32)
    for label in range(1, objects + 1):
        x, y = rng.integers(0, side, 2).tolist()
        axes = rng.integers(8, 21, 2).tolist()
        cv2.ellipse(labels, (x, y), axes, float(rng.integers(180)), 0, 360, label, -1)
    return labels


def disturb(truth: NDArray[np.int32], rng: np.random.Generator) -> NDArray[np.int32]:
    """Shift, drop and merge: what a segmentation gets wrong."""
    pred = np.roll(truth, rng.integers(-4, 5, 2).tolist(), axis=(0, 1))
    rename = np.arange(truth.max() + 1)
    chosen = rng.random(len(rename))
    rename[chosen < 0.05] = 0
    merged = (chosen > 0.95) & (rename > 1)
    rename[merged] -= 1
    return rename[pred].astype(np.int32)


if __name__ == "__main__":
    main()
