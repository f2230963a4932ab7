"""Measures seconds per megapixel of `hooke.segment` with its table, in process, warm, on a 2048×2048 mosaic.

    python benchmarks/speed.py data/dsb2018 --threads 2
    python benchmarks/speed.py data/dsb2018 --modality histology

The mosaic is made of whole images of the dataset's split and of one modality, in the order of their ids, side by side
on shelves; without a dataset it is one simulated field. `--side 256` takes only images of that size: the smaller the
nuclei, the more they are magnified for the network and the longer it takes. Limit: 0.40 s per megapixel on 2 threads
(measured on the same kind of machine: StarDist 1.38, Cellpose 3 over 6.8).
"""

from __future__ import annotations

import argparse
import time
from itertools import cycle
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

import hooke
from hooke.datasets import simulate
from hooke.io import read_image

LIMIT = 0.40
SIDE = 2048


def main() -> None:
    """Make, warm up, time, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dataset", type=Path, nargs="?")
    parser.add_argument("--split", default="test")
    parser.add_argument("--modality", default="fluorescence")
    parser.add_argument("--side", type=int, help="only images of this many pixels a side")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--model", default="nuclei")
    args = parser.parse_args()
    image = (
        mosaic(args.dataset, args.split, args.modality, args.side)
        if args.dataset
        else simulate((SIDE, SIDE), seed=0).image
    )
    hooke.segment(image[:512, :512], args.model, threads=args.threads)
    times = []
    for _ in range(args.repeats):
        start = time.perf_counter()
        found = hooke.segment(image, args.model, threads=args.threads)
        rows = len(found.table)
        times.append(time.perf_counter() - start)
    per_megapixel = np.array(times) / (image.shape[0] * image.shape[1] / 1e6)
    print(f"{rows} objects, diameter {found.diameter:.1f} px, scale {found.scale:.2f}, {args.threads} threads")
    print(
        f"{np.median(per_megapixel):.3f} s per megapixel (median of {args.repeats}; {per_megapixel.min():.3f} to "
        f"{per_megapixel.max():.3f}), {np.median(per_megapixel) / LIMIT:.2f} of the limit of {LIMIT}"
    )


def mosaic(dataset: Path, split: str, modality: str, side: int | None) -> NDArray[np.uint8]:
    """Whole images on shelves as high as their first image, until the square is full."""
    index = pd.read_csv(dataset / "index.csv", dtype={"id": str})
    index = index[(index["split"] == split) & (index["modality"] == modality)].sort_values("id")
    if side:
        index = index[(index["height"] == side) & (index["width"] == side)]
    images = cycle([read_image(next((dataset / "images").glob(f"{name}.*"))).pixels for name in index["id"]])
    square: NDArray[np.uint8] | None = None
    top = 0
    while top < SIDE:
        left, shelf = 0, 0
        while left < SIDE:
            image = next(images)
            if square is None:
                square = np.zeros((SIDE, SIDE, *image.shape[2:]), np.uint8)
            shelf = shelf or image.shape[0]
            part = image[: min(shelf, SIDE - top), : SIDE - left]
            square[top : top + part.shape[0], left : left + part.shape[1]] = part
            left += part.shape[1]
        top += shelf
    return square


if __name__ == "__main__":
    main()
