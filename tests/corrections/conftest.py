"""Simulated fields of nuclei with their truth, and a run of hooke on them."""

from __future__ import annotations

import numpy as np
import pytest

from hooke.datasets import simulate
from hooke.io import write_png
from hooke.pipeline import SegmentOptions, segment_folder


@pytest.fixture(scope="session")
def fields():
    """Image (160, 176) uint8 and its truth, by name."""
    return {
        name: simulate((160, 176), seed=seed, diameter=22, density=0.15, overlap=0.1)
        for seed, name in enumerate(("a", "b", "c"))
    }


@pytest.fixture
def images(tmp_path, fields):
    """A folder of the images."""
    for name, field in fields.items():
        write_png(tmp_path / "images" / f"{name}.png", field.image)
    return tmp_path / "images"


@pytest.fixture
def run(tmp_path, images):
    """What ``hooke segment`` wrote of them."""
    segment_folder([images], tmp_path / "out", SegmentOptions(threads=1))
    return tmp_path / "out"


def shifted(labels: np.ndarray, pixels: int) -> np.ndarray:
    """The same objects elsewhere."""
    return np.roll(labels, pixels, axis=1)
