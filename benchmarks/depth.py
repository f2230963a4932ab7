"""Measures how well objects are joined in depth, on simulated stacks whose truth is known.

    python benchmarks/depth.py                     # anisotropy 1 to 5, two densities, 5 stacks each
    python benchmarks/depth.py --count 2 --densities 0.12

For each anisotropy (distance of the planes in pixels): F1 of the objects at IoU 0.5 in each plane by itself, and F1 of
the objects in 3-D at IoU 0.5 where planes are not joined (each cross-section an object), joined by IoU alone (each
cross-section continues the one above that it shares most with, from an IoU of 0.25 on, as common tools join planes),
joined by hooke without repairs and cuts, and by hooke; last from the true cross-sections, which says what joining alone
loses. The model is the one that `hooke.segment` takes by itself.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

import hooke
from hooke.datasets import StackSettings, simulate_stack
from hooke.metrics import count_overlap, match
from hooke.tracking import stitch_planes

Stack = NDArray[np.int32]

ANISOTROPIES, DENSITIES = (1.0, 2.0, 3.0, 4.0, 5.0), (0.12, 0.25)
LEAST_IOU = 0.25
COLUMNS = ("per plane", "not joined", "by IoU", "without cuts", "hooke", "from truth", "seconds to join")


def main() -> None:
    """Run what the command line names."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=5, help="stacks for each anisotropy and density")
    parser.add_argument("--first-seed", type=int, default=100)
    parser.add_argument("--densities", type=float, nargs="+", default=DENSITIES)
    given = parser.parse_args()
    print("density, anisotropy, objects: " + ", ".join(COLUMNS))
    for density in given.densities:
        for anisotropy in ANISOTROPIES:
            seeds = range(given.first_seed, given.first_seed + given.count)
            measured = [measure(StackSettings(anisotropy=anisotropy, density=density), seed) for seed in seeds]
            objects, *scores = np.mean(measured, axis=0).tolist()
            values = ", ".join(f"{score:.3f}" for score in scores)
            print(f"{density:g}, {anisotropy:g}, {objects:.0f}: {values}", flush=True)


def measure(settings: StackSettings, seed: int) -> list[float]:
    """Number of objects, then the columns, of one stack."""
    made = simulate_stack(settings, seed=seed)
    found = [hooke.segment(plane).labels for plane in made.image]
    start = time.perf_counter()
    joined = stitch_planes(found, anisotropy=settings.anisotropy).labels
    seconds = time.perf_counter() - start
    return [
        made.count,
        float(np.mean([f1(plane, true) for plane, true in zip(found, made.labels, strict=True)])),
        f1(not_joined(found), made.labels),
        f1(joined_by_iou(found), made.labels),
        f1(stitch_planes(found, repair=False).labels, made.labels),
        f1(joined, made.labels),
        f1(stitch_planes(made.labels, anisotropy=settings.anisotropy).labels, made.labels),
        seconds,
    ]


def f1(found: Stack, true: Stack) -> float:
    """F1 of objects at IoU 0.5, in a plane or in 3-D."""
    return match(count_overlap(found, true), 0.5).counts.f1


def not_joined(planes: Sequence[Stack]) -> Stack:
    """Each cross-section an object of its own."""
    highest = np.cumsum([0, *(int(plane.max(initial=0)) for plane in planes)])
    return np.stack([np.where(plane > 0, plane + first, 0) for plane, first in zip(planes, highest, strict=False)])


def joined_by_iou(planes: Sequence[Stack]) -> Stack:
    """Each cross-section continues the one above with the largest IoU, each of which is continued once."""
    joined, highest = [planes[0]], int(planes[0].max(initial=0))
    for plane in planes[1:]:
        overlap = count_overlap(plane, joined[-1])
        number = np.zeros(int(plane.max(initial=0)) + 1, np.int32)
        taken: set[int] = set()
        for pair in np.argsort(-overlap.iou).tolist():
            own, above = int(overlap.pred_ids[overlap.pair_pred[pair]]), int(overlap.true_ids[overlap.pair_true[pair]])
            if overlap.iou[pair] >= LEAST_IOU and not number[own] and above not in taken:
                number[own] = above
                taken.add(above)
        fresh = overlap.pred_ids[number[overlap.pred_ids] == 0]
        number[fresh] = highest + np.arange(1, len(fresh) + 1)
        highest += len(fresh)
        joined.append(number[plane])
    return np.stack(joined)


if __name__ == "__main__":
    main()
