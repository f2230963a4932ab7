"""Measures the peak memory of segmentation with its table, in its own process: of an array in one pass, and in blocks.

    python benchmarks/memory.py                      8192×8192 in one pass, limit 3 GiB
    python benchmarks/memory.py --blocks             16384×16384 in blocks, limit 2 GiB
    python benchmarks/memory.py --blocks --side 20000 --image slide.tif

In blocks, a tiled TIFF of one simulated field of 1024×1024, again and again, or of one real image with `--image`, is
segmented into a folder by `hooke.segment_folder`, which is allowed the limit, with labels as a pyramid and the table.
Everything counts: interpreter, libraries, the image.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import tifffile
from numpy.typing import NDArray

from hooke.datasets import simulate
from hooke.io import read_image

LIMIT, BLOCKS_LIMIT = 3.0, 2.0
TILE = 512

CHILD = """
import numpy as np, sys
import hooke
from hooke.datasets import simulate
tile = simulate((1024, 1024), seed=0).image
image = np.tile(tile, (int(sys.argv[1]) // 1024, int(sys.argv[1]) // 1024))
found = hooke.segment(image, sys.argv[2], threads=2)
print(len(found.table))
"""

CHILD_IN_BLOCKS = """
import sys
import hooke
from hooke.pipeline import SegmentOptions
path, out, model, limit, overlays = sys.argv[1:]
options = SegmentOptions(model=model, threads=2)
result = hooke.segment_folder([path], out, options, max_memory=limit, overlays=overlays == "True", block=2048)
assert not result.failed, result.failed
print(result.images[0].count)
"""


def main() -> None:
    """Run the child and read its peak from the operating system."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--side", type=int)
    parser.add_argument("--model", default="nuclei")
    parser.add_argument("--blocks", action="store_true")
    parser.add_argument("--overlays", action="store_true", help="in blocks, write the picture with outlines too")
    parser.add_argument("--image", type=Path, help="in blocks, of this image instead of a simulated field")
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    side, limit = args.side or (16384 if args.blocks else 8192), BLOCKS_LIMIT if args.blocks else LIMIT
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-c", CHILD, str(side), args.model]
        if args.blocks:
            path = Path(folder) / "large.tif"
            field = simulate((1024, 1024), seed=0).image if args.image is None else read_image(args.image).pixels
            write(path, field, side)
            out = str(Path(folder) / "out")
            command = [
                sys.executable,
                "-c",
                CHILD_IN_BLOCKS,
                str(path),
                out,
                args.model,
                f"{limit}G",
                str(args.overlays),
            ]
        start = time.perf_counter()
        objects = subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
        seconds = time.perf_counter() - start
    unit = 1024**2 if sys.platform != "darwin" else 1024**3  # Linux counts kilobytes, macOS bytes
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    peak, megapixels = usage.ru_maxrss / unit, side**2 / 1e6
    cpu = usage.ru_utime + usage.ru_stime
    print(
        f"{side}×{side}, {objects} objects: peak {peak:.2f} GiB, {peak / limit:.2f} of the limit of {limit}; "
        f"{seconds / megapixels:.2f} s and {cpu / megapixels:.2f} s of processor time per megapixel"
    )
    if args.json:
        facts = {
            "side": side,
            "objects": int(objects),
            "peak_gib": peak,
            "limit_gib": limit,
            "seconds": seconds,
            "cpu": cpu,
        }
        args.json.write_text(json.dumps(facts, indent=1))


def write(path: Path, field: NDArray[np.generic], side: int) -> None:
    """Write a field again and again as one tiled image, tile by tile."""
    height, width = field.shape[:2]

    def tiles() -> Iterator[NDArray[np.generic]]:
        for top in range(0, side, TILE):
            rows = field[np.arange(top, top + TILE) % height]
            for left in range(0, side, TILE):
                yield rows[:, np.arange(left, left + TILE) % width]

    photometric = "rgb" if field.ndim == 3 else "minisblack"
    with tifffile.TiffWriter(path, bigtiff=True) as tif:
        shape = (side, side, *field.shape[2:])
        tif.write(
            tiles(), shape=shape, dtype=field.dtype, tile=(TILE, TILE), compression="zlib", photometric=photometric
        )


if __name__ == "__main__":
    main()
