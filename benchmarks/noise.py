"""Counts false objects in images without any: camera noise, flat and uneven fields, and images blurred beyond use.

    python benchmarks/noise.py

Limit: 1 object per megapixel on each kind of noise and flat field.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

import hooke

LIMIT = 1.0
SIDE = 1024
REPEATS = 4


def main() -> None:
    """Make, segment, count, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="nuclei")
    args = parser.parse_args()
    print(f"{'kind':32}{'objects per megapixel':>24}   limit {LIMIT}")
    for name, make in kinds().items():
        images = [make(np.random.default_rng(seed)) for seed in range(REPEATS)]
        found = sum(hooke.segment(image, args.model).count for image in images)
        print(f"{name:32}{found / (REPEATS * SIDE * SIDE / 1e6):24.2f}")


def kinds() -> dict[str, Callable[[np.random.Generator], NDArray[np.generic]]]:
    """Fields without any object."""
    return {
        "constant": lambda rng: np.full((SIDE, SIDE), rng.integers(256), np.uint8),
        "read noise, 16 bit": lambda rng: rng.normal(400, 12, (SIDE, SIDE)).astype(np.uint16),
        "shot noise, few photons": lambda rng: rng.poisson(3, (SIDE, SIDE)).astype(np.uint8),
        "full-scale white noise": lambda rng: rng.integers(0, 256, (SIDE, SIDE), dtype=np.uint8),
        "noise blurred by 1 px": lambda rng: eight_bit(cv2.GaussianBlur(rng.normal(0, 1, (SIDE, SIDE)), (0, 0), 1.0)),
        "colour noise": lambda rng: rng.integers(0, 256, (SIDE, SIDE, 3), dtype=np.uint8),
        "uneven light and noise": uneven,
        "uneven light, bright, colour": lambda rng: np.stack([uneven(rng)] * 3, -1) // 4 + np.uint8(180),
        "gradient without noise": lambda rng: np.tile(np.linspace(0, 255, SIDE).astype(np.uint8), (SIDE, 1)),
    }


def uneven(rng: np.random.Generator) -> NDArray[np.uint8]:
    """Vignetting with a little camera noise."""
    y, x = np.mgrid[:SIDE, :SIDE] / SIDE - rng.uniform(0.3, 0.7)
    return eight_bit(np.exp(-2 * (x**2 + y**2)) + rng.normal(0, 0.02, (SIDE, SIDE)))


def eight_bit(values: NDArray[np.floating]) -> NDArray[np.uint8]:
    """Stretch to 0..255."""
    low, high = values.min(), values.max()
    return ((values - low) / (high - low) * 255).astype(np.uint8)


if __name__ == "__main__":
    main()
