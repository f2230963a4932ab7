"""Compares the modality by K-means and by the shipped classifier with a data set's index, and measures the time.

python benchmarks/modality.py data/dsb2018
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hooke.datasets import IndexRow, find_image, read_index
from hooke.io import read_image
from hooke.preprocess import CLUSTERS, Appearance, cluster_modalities, describe

LIMITS = {"clusters agree": 0.99, "classifier right on test": 1.0}


@dataclass(frozen=True)
class Seen:
    """One image: what the index says, what was seen, and of its inverted copy, where it is grey fluorescence."""

    row: IndexRow
    appearance: Appearance
    inverted: Appearance | None
    seconds: float


def main() -> None:
    """Read every image once, then count."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dataset", type=Path)
    args = parser.parse_args()
    seen = [look(args.dataset, row) for row in read_index(args.dataset)]
    features = np.array([one.appearance.features for one in seen])
    given = np.array([one.row.modality for one in seen])
    for clusters in (3, CLUSTERS):
        named = np.array(cluster_modalities(features, clusters).modality)
        print(f"{clusters} clusters agree: {share(named == given)} (limit {LIMITS['clusters agree']})")
        print_errors(seen, named != given, named)
    told = np.array([one.appearance.modality for one in seen])
    splits = np.array([one.row.split for one in seen])
    for split in ("train", "val", "test"):
        print(f"classifier, {split}: {share((told == given)[splits == split])}")
    print(f"limit on test: {LIMITS['classifier right on test']}")
    print_errors(seen, told != given, told)
    print_inversion(seen)
    print(f"seconds of CPU an image, reading not counted: median {np.median([one.seconds for one in seen]):.4f}")


def look(dataset: Path, row: IndexRow) -> Seen:
    """Read and describe one image."""
    path = find_image(dataset, row.id)
    assert path is not None
    image = read_image(path)
    start = time.process_time()
    appearance = describe(image)
    seconds = time.process_time() - start
    turned = None
    if row.modality == "fluorescence" and image.pixels.dtype == np.uint8:
        turned = describe(replace(image, pixels=255 - image.pixels))
    return Seen(row, appearance, turned, seconds)


def print_inversion(seen: list[Seen]) -> None:
    """How often images are taken for inverted fluorescence, by whether they are."""
    wrongly = np.array([one.appearance.inverted for one in seen])
    turned = np.array([one.inverted.inverted for one in seen if one.inverted])
    print(f"taken for inverted: {wrongly.sum()} of {len(seen)}; of inverted copies: {share(turned)}")


def share(right: NDArray[np.bool_]) -> str:
    """A share with its counts."""
    return f"{right.mean():.4f} ({right.sum()} of {len(right)})" if len(right) else "none"


def print_errors(seen: list[Seen], wrong: NDArray[np.bool_], told: NDArray[np.str_]) -> None:
    """Name the images that differ from the index."""
    for index in np.flatnonzero(wrong):
        one = seen[index]
        print(f"  {one.row.id[:12]} ({one.row.split}): {one.row.modality} in the index, {told[index]} here")


if __name__ == "__main__":
    main()
