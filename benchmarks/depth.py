"""Measures how well objects are joined in depth, on simulated stacks whose truth is known.

    python benchmarks/depth.py                     # anisotropy 1 to 5, two densities, 5 stacks each
    python benchmarks/depth.py --count 2 --densities 0.12
    python benchmarks/depth.py --times 5           # nuclei that move: are they followed in 3-D?

For each anisotropy (distance of the planes in pixels): F1 of the objects at IoU 0.5 in each plane by itself, and F1 of
the objects in 3-D at IoU 0.5 where planes are not joined (each cross-section an object), joined by IoU alone (each
cross-section continues the one above that it shares most with, from an IoU of 0.25 on, as common tools join planes),
joined by hooke without repairs and cuts, and by hooke; last from the true cross-sections, which says what joining alone
loses. The model is the one that `hooke.segment` takes by itself.

With `--times`: of all steps of true objects from frame to frame, the share at whose both ends an object was found (at
IoU 0.5 in 3-D), and of these the share at which both have one number, by `hooke.segment(stack, stitch="z,t")`.
"""

from __future__ import annotations

import argparse
import itertools
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
DISPLACEMENTS = (0.1, 0.25, 0.5)
LEAST_IOU = 0.25
COLUMNS = ("per plane", "not joined", "by IoU", "without cuts", "hooke", "from truth", "seconds to join")


def main() -> None:
    """Run what the command line names."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=5, help="stacks for each anisotropy and density")
    parser.add_argument("--first-seed", type=int, default=100)
    parser.add_argument("--densities", type=float, nargs="+", default=DENSITIES)
    parser.add_argument("--times", type=int, default=1, help="frames in time")
    given = parser.parse_args()
    if given.times > 1:
        measure_time(given.times, given.densities, range(given.first_seed, given.first_seed + given.count))
        return
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


def measure_time(times: int, densities: Sequence[float], seeds: Sequence[int]) -> None:
    """Print how well objects in 3-D are followed through time, by their displacement."""
    print("density, displacement in diameters, true steps: found at both ends, of these followed")
    for density, displacement in itertools.product(densities, DISPLACEMENTS):
        counts = np.zeros(3, np.int64)
        for seed in seeds:
            made = simulate_stack(StackSettings(times=times, displacement=displacement, density=density), seed=seed)
            found = hooke.segment(made.image, axes="TZYX", stitch="z,t", pixel_size=1.0, z_step=made.anisotropy).labels
            numbers = [matched(frame, true) for frame, true in zip(found, made.labels, strict=True)]
            for true, (here, there) in zip(itertools.pairwise(made.labels), itertools.pairwise(numbers), strict=True):
                steps = np.intersect1d(*(np.unique(frame[frame > 0]) for frame in true)).tolist()
                both = [step for step in steps if step in here and step in there]
                counts += [len(steps), len(both), sum(here[step] == there[step] for step in both)]
        steps, both, kept = counts.tolist()
        print(f"{density:g}, {displacement:g}, {steps}: {both / steps:.3f}, {kept / both:.3f}", flush=True)


def matched(found: Stack, true: Stack) -> dict[int, int]:
    """The found object of each true one."""
    pairs = match(count_overlap(found, true), 0.5)
    return dict(zip(pairs.true_ids.tolist(), pairs.pred_ids.tolist(), strict=True))


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
