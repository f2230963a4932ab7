"""Counts false objects in empty wells: real fields without nuclei, and simulated ones with gradients, haze and dust.

    python benchmarks/empty.py
    python benchmarks/empty.py --bbbc039 data/bbbc039

Limit: no object in any of them.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

import hooke
from hooke.datasets import find_adapter
from hooke.models import Model

SHAPES = ((520, 696), (360, 360), (1024, 1024), (256, 320))


def main() -> None:
    """Make or read, segment, count, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="nuclei")
    parser.add_argument("--fields", type=int, default=200, help="simulated fields")
    parser.add_argument("--bbbc039", type=Path, help="BBBC039 as published, for its fields without nuclei")
    args = parser.parse_args()
    model = hooke.load_model(args.model)
    fields = {f"simulated {seed}": empty_field(seed) for seed in range(args.fields)}
    count("simulated", fields.items(), model)
    if args.bbbc039:
        count("BBBC039", real_fields(args.bbbc039), model)


def count(name: str, fields: Iterable[tuple[str, NDArray[np.generic]]], model: Model) -> None:
    """Segment fields; print how many objects were found, and where."""
    found, total = [], 0
    for one, pixels in fields:
        total += 1
        result = hooke.segment(pixels, model)
        if result.count:
            found.append((one, result.count, result.diameter))
    print(f"{name:12}{total:5} fields{sum(each[1] for each in found):6} objects in {len(found)} of them   limit 0")
    for one, objects, diameter in found:
        print(f"    {one}: {objects}, diameter {diameter:.0f}")


def real_fields(root: Path) -> Iterable[tuple[str, NDArray[np.generic]]]:
    """Fields of BBBC039 in which nobody drew a nucleus."""
    adapter = find_adapter("bbbc039")
    folder, entries = adapter.find(root)
    for entry in entries:
        sample = adapter.load(folder, entry.id)
        if not sample.labels.any():
            yield entry.id, sample.image


def empty_field(seed: int) -> NDArray[np.generic]:
    """Simulate a field of an empty well: camera noise on a gradient, with haze and dust in some."""
    rng = np.random.default_rng(seed)
    shape = SHAPES[seed % len(SHAPES)]
    level = rng.uniform(100, 2000)
    field = level * (gradient(rng, shape) + (seed % 3 > 0) * haze(rng, shape))
    if seed % 2:
        field += level * dust(rng, shape)
    noisy = rng.poisson(np.maximum(field, 0)) + rng.normal(100, rng.uniform(2, 20), shape)
    if seed % 5:
        return np.clip(noisy, 0, 65535).astype(np.uint16)
    low, high = np.percentile(noisy, (0.01, 99.99))
    return np.clip((noisy - low) / (high - low) * 255, 0, 255).astype(np.uint8)


def gradient(rng: np.random.Generator, shape: tuple[int, int]) -> NDArray[np.float64]:
    """Uneven light: a slope and a vignette, 0.5 to 1.5."""
    y, x = np.mgrid[: shape[0], : shape[1]] / np.reshape(shape, (2, 1, 1)) - rng.uniform(0.2, 0.8, (2, 1, 1))
    slope = rng.uniform(-0.4, 0.4) * y + rng.uniform(-0.4, 0.4) * x
    return np.asarray(1 + slope - rng.uniform(0, 0.5) * (x**2 + y**2))


def haze(rng: np.random.Generator, shape: tuple[int, int]) -> NDArray[np.float64]:
    """Out-of-focus light without an edge, of up to half the background, on one scale from 30 to 150 pixels."""
    clouds = cv2.GaussianBlur(rng.normal(0, 1, shape), (0, 0), rng.uniform(30, 150))
    return np.asarray(rng.uniform(0.02, 0.5) * clouds / max(np.abs(clouds).max(), 1e-9))


def dust(rng: np.random.Generator, shape: tuple[int, int]) -> NDArray[np.float64]:
    """Specks and fibres, sharp or not, and hot pixels, each up to ten times as bright as the background."""
    field = np.zeros(shape)
    for _ in range(rng.integers(1, 12)):
        one = np.zeros(shape, np.float32)
        y, x = int(rng.integers(shape[0])), int(rng.integers(shape[1]))
        if rng.random() < 0.3:
            end = (x + int(rng.integers(-120, 120)), y + int(rng.integers(-120, 120)))
            cv2.line(one, (x, y), end, 1.0, int(rng.integers(1, 4)))
        else:
            cv2.circle(one, (x, y), int(rng.integers(1, 4)), 1.0, -1)
        field += 10 ** rng.uniform(-1, 1) * cv2.GaussianBlur(one, (0, 0), rng.uniform(0.6, 2.0))
    hot = rng.random(shape) < 1e-5
    field[hot] += rng.uniform(1, 10)
    return field


if __name__ == "__main__":
    main()
