"""Compares a mosaic of real images segmented in blocks of several sides with the same mosaic segmented in one pass.

    python benchmarks/seams.py data/dsb2018 data/bbbc039 --json seams.json

The mosaic holds whole fluorescence images of the data sets' test splits, each stretched to the same range, side by side
on shelves, again and again until it is full. Counted for each side of the blocks: the number of objects over that of
one pass, and the share of objects that have a partner at IoU 0.9 or more in the other result, of all objects and of
those that a border between blocks crosses. Limits: 0.999 of the partners either way, counts within 0.001.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from itertools import cycle
from pathlib import Path

import numpy as np
import pandas as pd
import tifffile
from numpy.typing import NDArray

import hooke
from hooke.io import read_image, read_labels
from hooke.pipeline import SegmentOptions

LIMIT, COUNTS = 0.999, 0.001
IOU = 0.9


def main() -> None:
    """Make the mosaic, segment it once and in blocks, print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("datasets", type=Path, nargs="+")
    parser.add_argument("--side", type=int, default=4096)
    parser.add_argument("--blocks", type=int, nargs="+", default=[512, 1024, 2048])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    image = mosaic(args.datasets, args.side)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "mosaic.tif"
        tifffile.imwrite(path, image, tile=(512, 512), compression="zlib")
        whole = hooke.segment(image, threads=args.threads)
        rows = [{"block": 0, "objects": whole.count, "diameter": round(whole.diameter or 0, 2)}]
        for side in args.blocks:
            out = Path(folder) / str(side)
            options = SegmentOptions(threads=args.threads)
            result = hooke.segment_folder([path], out, options, block=side, overlays=False)
            labels = read_labels(out / "labels" / "mosaic.tif")
            row = {"block": side, "objects": result.images[0].count, "diameter": result.images[0].rows[0]["diameter"]}
            rows.append(row | compare(whole.labels, labels, side))
    print(pd.DataFrame(rows).to_string(index=False))
    if args.json:
        args.json.write_text(json.dumps(rows, indent=1))


def mosaic(datasets: list[Path], side: int) -> NDArray[np.uint8]:
    """Whole images on shelves."""
    paths = []
    for dataset in datasets:
        index = pd.read_csv(dataset / "index.csv")
        chosen = index[(index["split"] == "test") & (index["modality"] == "fluorescence")]
        paths += [next((dataset / "images").glob(f"{name}.*")) for name in sorted(chosen["id"])]
    canvas = np.full((side, side), 10, np.uint8)
    top = left = shelf = 0
    for path in cycle(paths):
        tile = stretched(read_image(path).pixels)
        if left >= side:
            top, left, shelf = top + shelf, 0, 0
        if top >= side:
            return canvas
        part = tile[: side - top, : side - left]
        canvas[top : top + part.shape[0], left : left + part.shape[1]] = part
        left, shelf = left + part.shape[1], max(shelf, part.shape[0])
    return canvas


def stretched(pixels: NDArray[np.generic]) -> NDArray[np.uint8]:
    """Brought to 8 bits, so that no image of the mosaic outshines the others."""
    grey = np.asarray(pixels if pixels.ndim == 2 else pixels[..., :3].max(axis=2), np.float64)
    low, high = np.percentile(grey, (1, 99.8))
    return np.asarray(np.clip((grey - low) / max(high - low, 1) * 220 + 10, 0, 255), np.uint8)


def compare(one: NDArray[np.int32], other: NDArray[np.int32], side: int) -> dict[str, float]:
    """Ratio of the counts, and shares with a partner: of all objects, and of those at borders."""
    found, back = best_iou(one, other), best_iou(other, one)
    first, second = at_borders(one, side), at_borders(other, side)
    ratio = len(back) / max(1, len(found))
    shares = {
        "partners": min((found >= IOU).mean(), (back >= IOU).mean()),
        "at borders": int(first.sum()),
        "partners there": min((found[first] >= IOU).mean(), (back[second] >= IOU).mean()),
        "counts there": second.sum() / max(1, first.sum()),
        "equal": (found == 1).mean(),
    }
    fits = min(shares["partners"], shares["partners there"]) >= LIMIT
    return {"counts": ratio, **shares, "fits": bool(fits and abs(ratio - 1) <= COUNTS)}


def best_iou(one: NDArray[np.int32], other: NDArray[np.int32]) -> NDArray[np.float64]:
    """IoU of each object of one image with its best partner in the other."""
    inside = one > 0
    codes, shared = np.unique(one[inside].astype(np.int64) << 32 | other[inside], return_counts=True)
    first, second = codes >> 32, codes & 0xFFFFFFFF
    areas = [np.bincount(labels.ravel()) for labels in (one, other)]
    iou = np.where(second > 0, shared / (areas[0][first] + areas[1][second] - shared), 0.0)
    best = np.zeros(len(areas[0]))
    np.maximum.at(best, first, iou)
    return best[1:][areas[0][1:] > 0]


def at_borders(labels: NDArray[np.int32], side: int) -> NDArray[np.bool_]:
    """Which objects a border between blocks crosses."""
    crossed = np.zeros(int(labels.max()) + 1, np.bool_)
    for at in range(side, labels.shape[0], side):
        crossed[np.intersect1d(labels[at - 1], labels[at])] = True
    for at in range(side, labels.shape[1], side):
        crossed[np.intersect1d(labels[:, at - 1], labels[:, at])] = True
    present = np.bincount(labels.ravel(), minlength=len(crossed)) > 0
    return crossed[1:][present[1:]]


if __name__ == "__main__":
    main()
