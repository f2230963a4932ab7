"""Draws processor seconds over megapixels, as benchmarks/scaling.py and benchmarks/memory.py have measured them.

    python benchmarks/scaling_plot.py scaling.json memory.json ... -o docs/images/scaling.svg

Both axes are logarithmic: time in proportion to size is a straight line at 45°, which is drawn through the largest.
Printed: seconds per megapixel of each size.
"""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Sequence
from pathlib import Path

WIDTH, HEIGHT, LEFT, TOP, RIGHT, BOTTOM = 560, 380, 70, 40, 20, 50
COLOUR = "#2f6db3"


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
    what = "Processor seconds"
    if args.relative:
        base = dict(points)[args.relative]
        what, points = (
            f"Processor time, 1 is {args.relative:g} megapixels'",
            [(size, one / base) for size, one in points],
        )
    args.out.write_text(draw(points, what), encoding="utf-8")


def read_points(measured: dict[str, object]) -> list[tuple[float, float]]:
    """Megapixels and processor seconds of either benchmark."""
    if "side" in measured:
        return [(round(float(str(measured["side"])) ** 2 / 1e6, 1), float(str(measured["cpu"])))]
    each = measured["processor_seconds_per_megapixel"]
    assert isinstance(each, dict)
    return [(float(size), float(size) * float(seconds)) for size, seconds in each.items()]


def draw(points: Sequence[tuple[float, float]], what: str) -> str:
    """Points on logarithmic axes, and the straight line through the largest image."""
    (low_x, high_x), (low_y, high_y) = (powers(values) for values in zip(*points, strict=True))

    def place(size: float, seconds: float) -> tuple[float, float]:
        across = math.log(size / low_x) / math.log(high_x / low_x)
        up = math.log(seconds / low_y) / math.log(high_y / low_y)
        return LEFT + across * (WIDTH - LEFT - RIGHT), HEIGHT - BOTTOM - up * (HEIGHT - TOP - BOTTOM)

    rate = points[-1][1] / points[-1][0]
    ends = [max(low_x, low_y / rate), min(high_x, high_y / rate)]
    (x1, y1), (x2, y2) = (place(size, size * rate) for size in ends)
    body = [axis(place(value, low_y), value, upright=True) for value in ticks(low_x, high_x)]
    body += [axis(place(low_x, value), value, upright=False) for value in ticks(low_y, high_y)]
    body.append(
        f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="#888888" stroke-dasharray="5 4"/>'
    )
    body += [
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4.5" fill="{COLOUR}"/>' for x, y in (place(*point) for point in points)
    ]
    said = "; ".join(f"{size:g} megapixels {value:.3g}" for size, value in points)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" font-size="13" '
        f'font-family="system-ui, sans-serif" aria-label="{what}, over megapixels: {said}">'
        f'<rect width="100%" height="100%" fill="#ffffff"/>'
        f'<text x="{LEFT}" y="22" font-weight="600">{what}, over megapixels (log. axes)</text>'
        f'<text x="{WIDTH - RIGHT}" y="{HEIGHT - 10}" text-anchor="end" fill="#555555">megapixels</text>'
        f"{''.join(body)}</svg>\n"
    )


def powers(values: Sequence[float]) -> tuple[float, float]:
    """Powers of ten around values."""
    return 10.0 ** math.floor(math.log10(min(values))), 10.0 ** math.ceil(math.log10(max(values)))


def ticks(low: float, high: float) -> list[float]:
    """Powers of ten between two."""
    return [10.0**power for power in range(round(math.log10(low)), round(math.log10(high)) + 1)]


def axis(at: tuple[float, float], value: float, *, upright: bool) -> str:
    """A line of the grid with its value."""
    x, y = at
    end = (x, TOP) if upright else (WIDTH - RIGHT, y)
    text = (x, y + 18, "middle") if upright else (x - 8, y + 4, "end")
    return (
        f'<line x1="{x:.1f}" y1="{y:.1f}" x2="{end[0]:.1f}" y2="{end[1]:.1f}" stroke="#d0d0d0"/>'
        f'<text x="{text[0]:.1f}" y="{text[1]:.1f}" text-anchor="{text[2]}" fill="#555555">{value:g}</text>'
    )


if __name__ == "__main__":
    main()
