"""Compares every measurement with those of scikit-image, SciPy and CellProfiler, and times the whole table.

    python benchmarks/measurements.py DATASET ... [--images 50] [--cellprofiler PYTHON]

Each column of 50 label images spread over the data sets is compared with the same measurement by scikit-image or SciPy
and, where the definition is CellProfiler's, by the package cp_measure in the environment of another PYTHON: the largest
difference over the larger of the two values. Then the full table of 100 000 objects is timed against the first columns
alone, in turn: limit 3 s beyond these on two idle cores.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt
from scipy.spatial import cKDTree
from skimage.measure import perimeter, regionprops_table

from hooke.datasets import simulate
from hooke.io import read_image, read_labels
from hooke.labels import expand_labels
from hooke.measure import measure

LIMIT = 3.0
GAP, DISTANCE = 2, 6
BY_SKIMAGE = {
    "area": "area", "perimeter": "perimeter", "centroid_y": "centroid-0", "centroid_x": "centroid-1",
    "major_axis": "axis_major_length", "minor_axis": "axis_minor_length", "eccentricity": "eccentricity",
    "solidity": "solidity", "equivalent_diameter": "equivalent_diameter_area", "feret_max": "feret_diameter_max",
    "intensity_mean": "intensity_mean", "intensity_min": "intensity_min", "intensity_max": "intensity_max",
    "intensity_std": "intensity_std", "intensity_median": "intensity_median",
}  # fmt: skip
BY_CELLPROFILER = {"form_factor": "FormFactor", "intensity_sum": "Intensity_IntegratedIntensity",
                   "intensity_median": "Intensity_MedianIntensity", "intensity_std": "Intensity_StdIntensity",
                   "perimeter": "Perimeter", "solidity": "Solidity", "eccentricity": "Eccentricity",
                   "feret_max": "MaxFeretDiameter", "feret_min": "MinFeretDiameter"}  # fmt: skip
SCRIPT = """
import json, sys, numpy as np
from cp_measure.bulk import get_core_measurements
core = get_core_measurements()
for line in sys.stdin:
    labels, image = (np.load(path) for path in json.loads(line))
    found = {}
    for name in ("sizeshape", "intensity", "feret"):
        found |= {key: np.asarray(value, float).tolist() for key, value in core[name](labels, image).items()}
    print(json.dumps({key: found[key] for key in %r if key in found}), flush=True)
"""


def main() -> None:
    """Parse, compare, time, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("datasets", nargs="+", type=Path, help="hooke data sets")
    parser.add_argument("--images", type=int, default=50)
    parser.add_argument("--cellprofiler", type=Path, help="Python of an environment with cp_measure")
    parser.add_argument("--objects", type=int, default=100_000)
    args = parser.parse_args()
    pairs = list(real_images(args.datasets, args.images))
    print(f"{len(pairs)} images, {sum(len(np.unique(labels)) - 1 for labels, _ in pairs)} objects")
    compare("scikit-image, SciPy, NumPy", pairs, [oracle(*pair) for pair in pairs])
    if args.cellprofiler is not None:
        compare("cp_measure", pairs, list(by_cellprofiler(args.cellprofiler, pairs)))
    if args.objects:
        time_tables(args.objects)


def real_images(folders: list[Path], count: int) -> Iterator[tuple[NDArray[np.int32], NDArray[np.generic]]]:
    """Label images of data sets in turn, numbered without gaps, with the first channel of their images."""
    names = [sorted((folder / "images").iterdir()) for folder in folders]
    found = 0
    for place in range(2 * count):
        files = names[place % len(names)]
        image = files[(place // len(names)) * len(files) * len(names) // (2 * count)]
        label = next(path for path in (image.parents[1] / "labels").iterdir() if path.stem == image.stem)
        labels, pixels = read_labels(label), read_image(image).pixels
        ids, numbered = np.unique(labels, return_inverse=True)
        if len(ids) > 2 and found < count:  # alone, an object has no neighbour
            found += 1
            yield numbered.reshape(labels.shape).astype(np.int32), pixels.reshape(*labels.shape, -1)[..., 0]


def compare(
    whose: str, pairs: list[tuple[NDArray[np.int32], NDArray[np.generic]]], expected: list[pd.DataFrame]
) -> None:
    """Print the largest relative difference of each column."""
    tables = [measure(labels, image) for labels, image in pairs]
    print(f"largest relative difference to {whose}")
    for name in expected[0]:
        got = np.concatenate([table[name].to_numpy(float) for table in tables])
        wanted = np.concatenate([table[name].to_numpy(float) for table in expected])
        both = ~(np.isnan(got) & np.isnan(wanted))
        with np.errstate(invalid="ignore", divide="ignore"):
            gap = np.abs(got - wanted) / np.maximum(np.abs(got), np.abs(wanted))
        gap = np.where(got == wanted, 0, gap)[both]
        alone = f", {np.isnan(gap).sum()} of one side only" if np.isnan(gap).any() else ""
        print(f"  {name:20} {np.nanmax(gap, initial=0):.1e}{alone}")


def oracle(labels: NDArray[np.int32], image: NDArray[np.generic]) -> pd.DataFrame:
    """The same columns by other implementations."""
    names = list(dict.fromkeys(name.split("-")[0] for name in BY_SKIMAGE.values()))
    table = pd.DataFrame(regionprops_table(labels, image.astype(float), properties=[*names, "image_convex", "bbox"]))
    found = table[list(BY_SKIMAGE.values())].set_axis(list(BY_SKIMAGE), axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        found["form_factor"] = np.where(
            found["perimeter"] > 0, 4 * np.pi * found["area"] / found["perimeter"] ** 2, np.nan
        )
        ratio = found["major_axis"] / found["minor_axis"]
        found["aspect_ratio"] = np.where(found["minor_axis"] > 1e-6 * found["major_axis"], ratio, np.nan)
        hulls = np.array([perimeter(np.pad(mask, 1)) for mask in table["image_convex"]])
        found["convexity"] = np.where(found["perimeter"] > 0, hulls / found["perimeter"], np.nan)
    height, width = labels.shape
    edges = (table["bbox-0"] == 0) | (table["bbox-1"] == 0) | (table["bbox-2"] == height) | (table["bbox-3"] == width)
    found["at_border"] = edges
    centres = found[["centroid_y", "centroid_x"]].to_numpy()
    found["neighbour_distance"] = cKDTree(centres).query(centres, k=2)[0][:, 1]
    ids = np.arange(1, len(table) + 1)
    found["intensity_sum"] = [image[labels == label].astype(float).sum() for label in ids]
    away = distance_transform_edt(labels == 0)
    # Ties apart, which SciPy and OpenCV resolve each in its own way: whose pixel is nearest is taken from hooke's own.
    ring = np.where((away > GAP) & (away <= DISTANCE), expand_labels(labels, DISTANCE), 0)
    found["background"] = [np.median(image[ring == label]) if (ring == label).any() else np.nan for label in ids]
    return found


def by_cellprofiler(python: Path, pairs: list[tuple[NDArray[np.int32], NDArray[np.generic]]]) -> Iterator[pd.DataFrame]:
    """The columns that cp_measure has."""
    wanted = list(BY_CELLPROFILER.values())
    with tempfile.TemporaryDirectory() as folder:
        lines = []
        for place, (labels, image) in enumerate(pairs):
            paths = [f"{folder}/{place}_{kind}.npy" for kind in ("labels", "image")]
            np.save(paths[0], labels)
            np.save(paths[1], image.astype(float))
            lines.append(json.dumps(paths))
        command = [str(python), "-W", "ignore", "-c", SCRIPT % (wanted,)]
        done = subprocess.run(command, input="\n".join(lines), capture_output=True, text=True, check=True)
    known = {name: own for own, name in BY_CELLPROFILER.items()}
    for line in done.stdout.splitlines():
        yield pd.DataFrame(json.loads(line)).rename(columns=known)


def time_tables(count: int) -> None:
    """Time the full table against its first columns, in turn."""
    field = simulate((1024, 1024), seed=1, density=0.4, diameter=18)
    own = int(field.labels.max())
    side = int(np.ceil(np.sqrt(count / own)))
    labels = np.zeros((1024 * side, 1024 * side), np.int32)
    for place in range(side * side):
        row, column = (1024 * part for part in divmod(place, side))
        labels[row : row + 1024, column : column + 1024] = np.where(field.labels, field.labels + place * own, 0)
    labels[labels > count] = 0
    image = np.tile(field.image.reshape(1024, 1024, -1)[..., 0], (side, side)).astype(np.uint16)
    print(f"{int(labels.max())} objects in {len(labels)} x {len(labels)} pixels of 16 bits")
    for _ in range(3):
        spent = []
        for more in (False, True):
            wall, processor = time.perf_counter(), time.process_time()
            measure(labels, image, more=more, threads=2)
            spent.append((time.perf_counter() - wall, time.process_time() - processor))
        (first, first_cpu), (full, full_cpu) = spent
        print(
            f"  first columns {first:.1f} s, full table {full:.1f} s: {full - first:.1f} s beyond (limit {LIMIT:g} s); "
            f"processor time {first_cpu:.1f} and {full_cpu:.1f} s, ratio {full_cpu / first_cpu:.2f}"
        )


if __name__ == "__main__":
    main()
