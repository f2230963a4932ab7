"""Measures what a plate of small images and a slide that is mostly empty cost, in processor seconds.

    python benchmarks/costs.py

- A plate of 384 wells with `--fields` simulated fields of `--size` pixels a side each: seconds per field, all of it
  (reading, tables, pictures, page) against the segmentation of the same fields in memory.
- An OME-Zarr of `--slide` pixels a side of which one corner of 2048 pixels has nuclei and the rest was never written:
  seconds per empty megapixel, in blocks, against the corner alone.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

import hooke
from hooke.datasets import simulate
from hooke.io import write_png
from hooke.pipeline import SegmentOptions
from hooke.plates import Well

ROWS, COLUMNS, CORNER = 16, 24, 2048


def main() -> None:
    """Measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--fields", type=int, default=2)
    parser.add_argument("--size", type=int, default=256)
    parser.add_argument("--slide", type=int, default=16384)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    hooke.segment(simulate((256, 256), seed=0).image, threads=1)
    with tempfile.TemporaryDirectory() as folder:
        facts = {**plate(Path(folder) / "plate", args), **slide(Path(folder) / "slide", args)}
    for name, value in facts.items():
        print(f"{name}: {value:.4g}", flush=True)
    if args.json:
        args.json.write_text(json.dumps(facts, indent=1))


def plate(folder: Path, args: argparse.Namespace) -> dict[str, float]:
    """Cost of each field of a plate."""
    drawn = [simulate((args.size, args.size), seed=seed).image for seed in range(8)]
    count = 0
    for row in range(ROWS):
        for column in range(COLUMNS):
            for site in range(1, args.fields + 1):
                write_png(folder / "in" / f"p_{Well(row, column).name}_s{site}.png", drawn[count % len(drawn)])
                count += 1
    options = SegmentOptions(threads=args.threads)
    whole = busy(lambda: hooke.segment_folder([folder / "in"], folder / "out", options, wells="auto"))
    alone = busy(lambda: [hooke.segment(image, threads=1).table for image in drawn]) / len(drawn)
    return {"fields": count, "seconds per field": whole / count, "of these in memory": alone}


def slide(folder: Path, args: argparse.Namespace) -> dict[str, float]:
    """Cost of what is empty."""
    import zarr

    field = np.tile(simulate((1024, 1024), seed=0).image, (2, 2))
    seconds = {}
    for side in (CORNER, args.slide):
        group = zarr.open_group(str(folder / f"{side}.zarr"), mode="w", zarr_format=2)
        group.attrs["multiscales"] = [{"axes": ["y", "x"], "datasets": [{"path": "0"}]}]
        array = group.create_array("0", shape=(side, side), dtype=np.uint8, chunks=(1024, 1024), fill_value=0)
        array[:CORNER, :CORNER] = field
        path, out, options = folder / f"{side}.zarr", folder / f"out{side}", SegmentOptions(threads=args.threads)
        seconds[side] = busy(lambda: checked(path, out, options))  # noqa: B023 - called at once
    empty = (args.slide**2 - CORNER**2) / 1e6
    return {
        "seconds per megapixel of nuclei": seconds[CORNER] / (CORNER**2 / 1e6),
        "seconds per empty megapixel": (seconds[args.slide] - seconds[CORNER]) / empty,
    }


def checked(path: Path, out: Path, options: SegmentOptions) -> None:
    """Segment in blocks, or end."""
    result = hooke.segment_folder([path], out, options, block=2048, page=False)
    if result.failed:
        raise SystemExit(result.failed[0].error)


def busy(work: Callable[[], object]) -> float:
    """Processor seconds of all threads."""
    start = time.process_time()
    work()
    return time.process_time() - start


if __name__ == "__main__":
    main()
