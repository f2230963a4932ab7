"""Measures the peak memory of `hooke.segment` with its table on an 8192×8192 image, in its own process.

    python benchmarks/memory.py

Limit: 3 GiB resident, everything counted (interpreter, libraries, the image itself).
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys

LIMIT = 3.0

CHILD = """
import numpy as np, resource, sys
import hooke
from hooke.datasets import simulate
tile = simulate((1024, 1024), seed=0).image
image = np.tile(tile, (int(sys.argv[1]) // 1024, int(sys.argv[1]) // 1024))
found = hooke.segment(image, sys.argv[2], threads=2)
print(len(found.table))
"""


def main() -> None:
    """Run the child and read its peak from the operating system."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--side", type=int, default=8192)
    parser.add_argument("--model", default="nuclei")
    args = parser.parse_args()
    command = [sys.executable, "-c", CHILD, str(args.side), args.model]
    objects = subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
    unit = 1024**2 if sys.platform != "darwin" else 1024**3  # Linux counts kilobytes, macOS bytes
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / unit
    print(
        f"{args.side}×{args.side}, {objects} objects: peak {peak:.2f} GiB, {peak / LIMIT:.2f} of the limit of {LIMIT}"
    )


if __name__ == "__main__":
    main()
