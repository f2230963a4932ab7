"""Brings every object through the files of other programs and back, and times the writing of very many.

    python benchmarks/files.py DATASET ... [--objects 100000] [--formats geojson,rois]

Round trips: 100 label images spread over the data sets, and 1000 random ones, to each format and back. In formats of
pixels they must be identical, ids apart where the format keeps none; in formats of polygons each object of 50 pixels or
more must come back with an IoU of 0.98. Then 100 000 objects are written as GeoJSON, with their measurements, and as a
zip of regions: limit 10 s each on two idle cores. A data set is a folder of label images, or of labelme's json files.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hooke.datasets import find_adapter, simulate
from hooke.evaluation import open_labels
from hooke.io import read_labels
from hooke.io.annotations import WRITERS, AnnotatedPlane
from hooke.labels import LabelledImage, count_overlap
from hooke.measure import measure

Labels = NDArray[np.int32]
POLYGONS, KEEP_IDS = ("geojson", "rois"), ("labels", "ome-zarr")
SMALLEST, LEAST_IOU, LIMIT = 50, 0.98, 10.0


def main() -> None:
    """Parse, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("datasets", nargs="+", type=Path, help="folders of label images or json files")
    parser.add_argument("--real", type=int, default=100)
    parser.add_argument("--random", type=int, default=1000)
    parser.add_argument("--objects", type=int, default=100_000)
    parser.add_argument("--formats", default="", help="only these, with commas")
    args = parser.parse_args()
    formats = [name for name, writer in WRITERS.items() if not writer.is_table]
    formats = [name for name in formats if name in (args.formats or ",".join(formats)).split(",")]
    with tempfile.TemporaryDirectory() as folder:
        for kind, images in (
            ("real", list(real_labels(args.datasets, args.real))),
            ("random", list(random_labels(args.random))),
        ):
            objects = sum(len(np.unique(labels[labels > 0])) for labels in images)
            print(f"{len(images)} {kind} label images, {objects} objects")
            for name in formats:
                report(name, images, Path(folder))
        if args.objects:
            time_export(args.objects, Path(folder))


def real_labels(folders: list[Path], count: int) -> Iterator[Labels]:
    """Label images of data sets, in turn, evenly spread over each."""
    readers = [label_readers(folder) for folder in folders]
    for place in range(count):
        images = readers[place % len(readers)]
        yield images[(place // len(readers)) * len(images) * len(readers) // count]()


def label_readers(folder: Path) -> list[Callable[[], Labels]]:
    """Find the label images of a data set, or the json files of labelme; each is read when its function is called."""
    inner = folder / "labels" if (folder / "labels").is_dir() else folder
    paths = sorted(path for path in inner.iterdir() if path.suffix in (".png", ".tif"))
    if paths:
        return [partial(read_labels, path) for path in paths]
    adapter = find_adapter("labelme")
    source, entries = adapter.find(inner)
    return [partial(lambda id_: adapter.load(source, id_).labels, entry.id) for entry in entries]


def random_labels(count: int) -> Iterator[Labels]:
    """Label images of random sizes: noise; blobs in pieces, with holes and gaps in the ids; simulated nuclei."""
    rng = np.random.default_rng(0)
    for place in range(count):
        height, width = rng.integers(2, 120, 2)
        if place % 3 == 0:
            labels = rng.integers(0, rng.integers(9, 90), (height, width))
        elif place % 3 == 1:
            coarse = rng.integers(0, 19, (height // 12 + 1, width // 12 + 1)) * int(rng.integers(1, 900))
            labels = np.kron(coarse, np.ones((12, 12), int))[:height, :width]
            labels[rng.random(labels.shape) < 0.03] = 0
        else:
            labels = simulate((height + 30, width + 30), seed=place, density=0.4, overlap=0.8, diameter=16).labels
        labels[0, 0] = 0  # an image of one value with all corners set may be a mask turned inside out
        yield labels.astype(np.int32)


def report(name: str, images: list[Labels], folder: Path) -> None:
    """Print how many label images come back unchanged, and the least IoU of an object that is not tiny."""
    same, worst, judged = 0, 1.0, 0
    for labels in images:
        found = there_and_back(name, labels, folder)
        ids = np.unique(labels[labels > 0])
        same += np.array_equal(found, labels if name in KEEP_IDS else np.searchsorted(ids, labels) + (labels > 0))
        overlap = count_overlap(found, labels)
        best = np.zeros(overlap.n_true)
        np.maximum.at(best, overlap.pair_true, overlap.intersection / overlap.union)
        large = best[overlap.true_areas >= SMALLEST]
        worst, judged = min(worst, large.min(initial=1.0)), judged + len(large)
    good = worst >= LEAST_IOU if name in POLYGONS else same == len(images)
    print(
        f"  {name:10} {same} of {len(images)} identical; least IoU of {judged} objects of {SMALLEST} pixels or more "
        f"{worst:.4f}{'' if good else ': MISSED'}"
    )


def there_and_back(name: str, labels: Labels, folder: Path) -> Labels:
    """Write and read one label image."""
    path = folder / f"image{WRITERS[name].suffix}"
    WRITERS[name].write(path, [AnnotatedPlane("image", LabelledImage(labels))])
    return open_labels(path, split_components=False).read("image", labels.shape).labels


def time_export(count: int, folder: Path) -> None:
    """Time the writing of very many objects."""
    field = simulate((1024, 1024), seed=1, density=0.4, diameter=18)
    own = int(field.labels.max())
    side = int(np.ceil(np.sqrt(count / own)))
    rows = [
        np.concatenate(
            [np.where(field.labels, field.labels + (row * side + column) * own, 0) for column in range(side)], 1
        )
        for row in range(side)
    ]
    labels = np.concatenate(rows).astype(np.int32)
    labels[labels > count] = 0
    table = measure(labels, None, threads=2)
    print(f"{len(table)} objects in {labels.shape[0]} x {labels.shape[1]} pixels")
    for name in POLYGONS:
        plane = AnnotatedPlane("image", LabelledImage(labels), table)
        path = folder / f"many{WRITERS[name].suffix}"
        wall, processor = time.perf_counter(), time.process_time()
        WRITERS[name].write(path, [plane])
        wall, processor = time.perf_counter() - wall, time.process_time() - processor
        size = path.stat().st_size / 1e6
        print(f"  {name:10} {wall:.1f} s, {processor:.1f} s of processor time (limit {LIMIT:g} s), {size:.0f} MB")


if __name__ == "__main__":
    main()
