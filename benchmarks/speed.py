"""Seconds per megapixel of `hooke.segment` with its table, in process, warm, on a 2048×2048 mosaic.

    python benchmarks/speed.py data/dsb2018 --threads 2

The mosaic is made of the dataset's grey fluorescence images of the split, in order, cut or repeated to fill it;
without a dataset, of the simulator's. Limit: 0.40 s per megapixel on 2 threads (measured on the same kind of machine:
StarDist 1.38, Cellpose 3 over 6.8).
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

import hooke
from hooke.datasets.simulator import simulate
from hooke.io import read_image

LIMIT = 0.40
SIDE = 2048


def main() -> None:
    """Make, warm up, time, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dataset", type=Path, nargs="?")
    parser.add_argument("--split", default="test")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--model", default="nuclei")
    args = parser.parse_args()
    image = mosaic(args.dataset, args.split) if args.dataset else simulate((SIDE, SIDE), seed=0).image
    hooke.segment(image[:512, :512], args.model, threads=args.threads)
    times = []
    for _ in range(args.repeats):
        start = time.perf_counter()
        found = hooke.segment(image, args.model, threads=args.threads)
        rows = len(found.table)
        times.append(time.perf_counter() - start)
    per_megapixel = np.array(times) / (image.size / 1e6)
    print(f"{rows} objects, diameter {found.diameter:.1f} px, scale {found.scale:.2f}, {args.threads} threads")
    print(
        f"{np.median(per_megapixel):.3f} s per megapixel (median of {args.repeats}; {per_megapixel.min():.3f} to "
        f"{per_megapixel.max():.3f}), {np.median(per_megapixel) / LIMIT:.2f} of the limit of {LIMIT}"
    )


def mosaic(dataset: Path, split: str) -> NDArray[np.uint8]:
    """Fluorescence images side by side in rows of equal height."""
    index = pd.read_csv(dataset / "index.csv", dtype={"id": str})
    index = index[(index["split"] == split) & (index["modality"] == "fluorescence")].sort_values("id")
    paths = [next((dataset / "images").glob(f"{name}.*")) for name in index["id"]]
    tiles = [read_image(path).pixels[:256, :256] for path in paths]
    tiles = [tile for tile in tiles if tile.shape == (256, 256)]
    per_row = SIDE // 256
    rows = [
        np.concatenate([tiles[(row * per_row + column) % len(tiles)] for column in range(per_row)], axis=1)
        for row in range(per_row)
    ]
    return np.concatenate(rows).astype(np.uint8)


if __name__ == "__main__":
    main()
