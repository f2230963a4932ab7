"""Makes the benchmark's grey images with their truth, all of one size, from a data set or the simulator."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import cycle
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hooke.datasets import read_index, read_sample, simulate

Field = tuple[NDArray[np.generic], NDArray[np.int32]]
DIAMETERS = (24.0, 16.0, 34.0)


def simulated_fields(count: int, side: int) -> Iterator[Field]:
    """Draw fluorescence with nuclei of one median size after another."""
    for seed in range(count):
        made = simulate((side, side), seed=seed, diameter=DIAMETERS[seed % len(DIAMETERS)])
        yield made.image, made.labels


def mosaics(dataset: Path, split: str, count: int, side: int) -> Iterator[Field]:
    """Fill squares with fluorescence images in the order of their ids, on shelves as high as their first image."""
    rows = [row for row in read_index(dataset) if row.split == split and row.modality == "fluorescence"]
    samples = cycle(sorted(row.id for row in rows))
    for _ in range(count):
        image, truth = np.zeros((side, side), np.uint8), np.zeros((side, side), np.int32)
        top = 0
        while top < side:
            left, shelf = 0, 0
            while left < side:
                pixels, labels = read_sample(dataset, next(samples))
                shelf = shelf or pixels.shape[0]
                height, width = min(shelf, side - top, pixels.shape[0]), min(side - left, pixels.shape[1])
                window = np.s_[top : top + height, left : left + width]
                image[window] = pixels[:height, :width]
                part = labels[:height, :width]
                truth[window] = np.where(part > 0, part + truth.max(), 0)
                left += pixels.shape[1]
            top += shelf
        yield image, truth


def whole_images(dataset: Path, split: str, count: int) -> Iterator[Field]:
    """Give fluorescence images as they are, evenly taken from the split."""
    rows = [row for row in read_index(dataset) if row.split == split and row.modality == "fluorescence"]
    ids = sorted(row.id for row in rows)
    for index in np.unique(np.linspace(0, len(ids) - 1, min(count, len(ids))).astype(int)):
        yield read_sample(dataset, ids[index])
