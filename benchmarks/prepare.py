"""Measures time and peak memory of `hooke prepare`, each data set in its own process.

    python benchmarks/prepare.py
    python benchmarks/prepare.py --data FOLDER      FOLDER/bbbc039 and FOLDER/dkfz as published, in addition
    python benchmarks/prepare.py --drawn FOLDER     keeps simulated images there, and uses them again

Data Science Bowl 2018 is simulated: as many images of each size as in the published training set, in
its layout (an RGBA image and a file per nucleus), 664 images. Limits: 60 s and 1 GiB for it, 30 s for BBBC039's 200
images, 60 s for DKFZ's 250 files, on two cores. On a busy machine compare processor seconds.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import imagecodecs
import numpy as np
from numpy.typing import NDArray

from hooke.datasets import simulate

# Height, width, number of images, nuclei per image: as in the published training set.
FIELDS = [
    (256, 256, 334, 29),
    (256, 320, 111, 42),
    (260, 347, 3, 112),
    (360, 360, 90, 24),
    (520, 696, 90, 102),
    (512, 640, 13, 32),
    (1024, 1024, 16, 84),
    (603, 1272, 6, 230),
    (1040, 1388, 1, 14),
]
GIBIBYTE = 1024**2 if sys.platform != "darwin" else 1024**3  # Linux counts kilobytes, macOS bytes


@dataclass(frozen=True)
class Case:
    """A data set to prepare.

    Attributes
    ----------
    layout : str
        Name of the adapter.
    source : Path
        The data set as published.
    seconds, gibibytes : float
        Limits.
    """

    layout: str
    source: Path
    seconds: float
    gibibytes: float = 1.0


def main() -> None:
    """Draw what is missing, prepare each data set and print its figures beside the limits."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="folder with bbbc039/ and dkfz/")
    parser.add_argument("--share", type=float, default=1.0, help="of the 664 images, for a quick test")
    parser.add_argument("--drawn", type=Path, help="folder that the drawn set is kept in")
    parser.add_argument("--jobs", type=int, default=2)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        source = args.drawn or Path(folder) / "dsb2018"
        if not (source / "stage1_train").exists():
            draw_bowl(source, args.share)
        masks = sum(1 for _ in source.glob("stage1_train/*/masks/*.png"))
        print(f"drawn: {len(list((source / 'stage1_train').iterdir()))} images, {masks} masks")
        cases = [Case("dsb2018", source, 60)]
        if args.data is not None:
            cases += [Case("bbbc039", args.data / "bbbc039", 30), Case("labelme", args.data / "dkfz", 60)]
        for case in cases:
            measure(case, Path(folder) / f"prepared-{case.layout}", args.jobs)


def draw_bowl(folder: Path, share: float) -> None:
    """Draw the Data Science Bowl's training set in its layout."""
    number = 0
    for height, width, images, nuclei in FIELDS:
        for _ in range(max(1, round(share * images))):
            # By a nucleus' usual share of its image, so that about this number fits.
            diameter = min(40.0, (0.2 * height * width / nuclei / 0.785) ** 0.5)
            drawn = simulate((height, width), seed=number, diameter=diameter)
            write_bowl(folder / "stage1_train" / f"{number:04}", drawn.image, drawn.labels)
            number += 1


def write_bowl(folder: Path, image: NDArray[np.generic], labels: NDArray[np.int32]) -> None:
    """Write one image and its masks as Kaggle does."""
    for kind in ("images", "masks"):
        (folder / kind).mkdir(parents=True)
    rgba = np.dstack([image, image, image, np.full(labels.shape, 255)]).astype(np.uint8)
    (folder / "images" / f"{folder.name}.png").write_bytes(imagecodecs.png_encode(rgba))
    for id_ in range(1, int(labels.max()) + 1):
        mask = np.where(labels == id_, 255, 0).astype(np.uint8)
        (folder / "masks" / f"{id_:04}.png").write_bytes(imagecodecs.png_encode(mask))


def measure(case: Case, out: Path, jobs: int) -> None:
    """Prepare one data set in a child, and read its time and peak from the operating system."""
    command = [sys.executable, "-m", "hooke", "prepare", case.layout, str(case.source), str(out), "-q", f"-j{jobs}"]
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True)
    seconds, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode == 2:
        raise SystemExit(done.stderr)
    busy = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    # The peak is that of the largest child so far: data sets are measured by increasing need, or read it as a bound.
    peak = after.ru_maxrss / GIBIBYTE
    print(
        f"{case.layout}: {seconds:.1f} s of {case.seconds:.0f} (processors busy for {busy:.1f} s), "
        f"peak {peak:.2f} GiB of {case.gibibytes:.0f}; {done.stdout.splitlines()[0].split(': ')[-1]}"
    )


if __name__ == "__main__":
    main()
