"""Draws processor seconds over megapixels, as benchmarks/scaling.py and benchmarks/memory.py have measured them.

    python benchmarks/scaling_plot.py scaling.json memory.json ... -o docs/images/scaling.svg

Both axes are logarithmic: time in proportion to size is a straight line at 45°, which is drawn through the largest.
Printed: seconds per megapixel of each size.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from curves import save


def main() -> None:
    """Read, draw, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("measured", type=Path, nargs="+")
    parser.add_argument("-o", "--out", type=Path, required=True)
    parser.add_argument("--relative", type=float, help="draw times over that of the image of this size, megapixels")
    args = parser.parse_args()
    points = sorted(point for path in args.measured for point in read_points(json.loads(path.read_text())))
    print("| megapixels | processor seconds | per megapixel |\n|---|---|---|")
    for size, seconds in points:
        print(f"| {size:g} | {seconds:.1f} | {seconds / size:.2f} |")
    sizes, times = np.array(points).T
    title = "processor seconds"
    if args.relative:
        times, title = times / dict(points)[args.relative], f"processor time over that of {args.relative:g} megapixels"
    figure = Figure(figsize=(5.6, 3.8), layout="constrained")
    axis = figure.subplots()
    axis.loglog(sizes, sizes * times[-1] / sizes[-1], linestyle="--", color="grey", label="as the largest")
    axis.loglog(sizes, times, marker="o", linestyle="none", label="measured")
    axis.set(title=title, xlabel="megapixels")
    axis.grid(alpha=0.3)
    axis.legend()
    save(figure, args.out)


def read_points(measured: dict[str, object]) -> list[tuple[float, float]]:
    """Megapixels and processor seconds of either benchmark."""
    if "side" in measured:
        return [(round(float(str(measured["side"])) ** 2 / 1e6, 1), float(str(measured["cpu"])))]
    each = measured["processor_seconds_per_megapixel"]
    assert isinstance(each, dict)
    return [(float(size), float(size) * float(seconds)) for size, seconds in each.items()]


if __name__ == "__main__":
    main()
