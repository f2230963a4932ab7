"""Counts which of many tiny spots on a grid are found, for spots of several sizes: how small objects may be.

    python benchmarks/spots.py

Each field has round spots of a diameter at twice that distance, with blurred rims, jitter of a pixel, differences in
size and brightness, and shot noise. A spot is found when an object holds its centre, and no other spot's centre. Sizes
are measured by hooke itself, and then again with the diameter given.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

import hooke

_PEAK, _GROUND = (120, 220), 20  # photons
_BLUR = 0.5  # pixels


def main() -> None:
    """Draw fields, segment them, print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--diameters", type=float, nargs="+", default=[6, 5, 4, 3])
    parser.add_argument("--across", type=int, default=48, help="Spots in a row; there are as many rows.")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    rows = []
    for diameter in args.diameters:
        pixels, centres = draw(diameter, args.across)
        for given in ("auto", diameter):
            options = {} if given == "auto" else {"diameter": given, "min_size": diameter}
            found = hooke.segment(pixels, threads=args.threads, **options)
            share = found_share(found.labels, centres)
            rows.append(
                {"diameter": diameter, "given": given, "spots": len(centres), "objects": found.count, "found": share}
            )
    print(pd.DataFrame(rows).to_string(index=False, float_format="%.4f"))
    if args.json:
        args.json.write_text(json.dumps(rows, indent=1))


def draw(diameter: float, across: int, seed: int = 0) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
    """Draw a field of spots at twice their diameter; its pixels, and the centres of the spots, shape (n, 2)."""
    rng = np.random.default_rng(seed)
    pitch = round(2 * diameter)
    side = (across + 1) * pitch
    field = np.full((side, side), float(_GROUND))
    places = np.stack(np.meshgrid(*[pitch * np.arange(1, across + 1)] * 2, indexing="ij"), axis=-1).reshape(-1, 2)
    centres = places + rng.uniform(-1, 1, places.shape)
    for (top, left), (y, x) in zip(places - pitch, centres, strict=True):
        rows, columns = np.ogrid[top : min(side, top + 2 * pitch), left : min(side, left + 2 * pitch)]
        radius = diameter / 2 * rng.uniform(0.9, 1.1)
        spot = 1 / (1 + np.exp((np.hypot(rows - y, columns - x) - radius) / _BLUR))
        field[top : top + 2 * pitch, left : left + 2 * pitch] += rng.uniform(*_PEAK) * spot
    return np.clip(rng.poisson(field), 0, 255).astype(np.uint8), centres


def found_share(labels: NDArray[np.int32], centres: NDArray[np.float64]) -> float:
    """Share of the spots whose centre lies in an object that holds no other."""
    y, x = np.round(centres).astype(int).T
    owners = labels[y, x]
    times = np.bincount(owners)
    return float(((owners > 0) & (times[owners] == 1)).mean())


if __name__ == "__main__":
    main()
