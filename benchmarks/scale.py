"""Compares the results of images resampled to 0.5x, 2x and 3x with those of the originals.

    python benchmarks/scale.py data/dsb2018

An image is used at a factor if its median nucleus is still at least 8 px wide. Printed: F1 at IoU 0.5 between both
results (brought to the size of the original), pooled over images and as the mean over images. Limit: 0.85 each.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
from numpy.typing import NDArray

import hooke
from hooke import Image
from hooke.io import read_image, read_labels
from hooke.metrics import count_overlap, match
from hooke.targets import equivalent_diameters

LIMIT = 0.85
SMALLEST = 8.0


def main() -> None:
    """Parse, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dataset", type=Path)
    parser.add_argument("--split", default="test")
    parser.add_argument("--images", type=int, default=30)
    parser.add_argument("--model", default="nuclei")
    args = parser.parse_args()
    images = choose(args.dataset, args.split, args.images)
    base = [hooke.segment(image, args.model).labels for image, _ in images]
    print(f"{'factor':>7}{'images':>8}{'F1 pooled':>11}{'F1 mean':>9}   limit {LIMIT}")
    for factor in (0.5, 2.0, 3.0):
        pairs = [
            (resample(hooke.segment(resized(image, factor), args.model).labels, labels.shape), labels)
            for (image, diameter), labels in zip(images, base, strict=True)
            if diameter * factor >= SMALLEST
        ]
        counts = [match(count_overlap(pred, truth), 0.5).counts for pred, truth in pairs]
        tp, fp, fn = (sum(getattr(one, name) for one in counts) for name in ("tp", "fp", "fn"))
        mean = np.mean([one.f1 for one in counts])
        print(f"{factor:7.1f}{len(pairs):8}{2 * tp / max(1, 2 * tp + fp + fn):11.3f}{mean:9.3f}")


def choose(dataset: Path, split: str, count: int) -> list[tuple[Image, float]]:
    """Images spread evenly over the split, sorted by modality, with their true median diameter."""
    index = pd.read_csv(dataset / "index.csv", dtype={"id": str})
    index = index[index["split"] == split].sort_values(["modality", "id"])
    chosen = index.iloc[np.unique(np.linspace(0, len(index) - 1, count).round().astype(int))]
    images = []
    for row in chosen.itertuples():
        labels = read_labels(next((dataset / "labels").glob(f"{row.id}.*")))
        diameters = equivalent_diameters(labels)[np.unique(labels[labels > 0])]
        images.append((read_image(next((dataset / "images").glob(f"{row.id}.*"))), float(np.median(diameters))))
    return images


def resized(image: Image, factor: float) -> Image:
    """The image at another magnification."""
    way = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
    return Image(cv2.resize(image.pixels, None, fx=factor, fy=factor, interpolation=way), is_rgb=image.is_rgb)


def resample(labels: NDArray[np.int32], shape: tuple[int, ...]) -> NDArray[np.int32]:
    """Labels at another size, nearest neighbour."""
    small = cv2.resize(labels.astype(np.float32), (shape[1], shape[0]), interpolation=cv2.INTER_NEAREST)
    return small.astype(np.int32)


if __name__ == "__main__":
    main()
