"""`benchmarks/robustness.py`: changes leave the objects where they are, and the table counts what they cost."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from hooke.datasets import simulate

FOLDER = Path(__file__).parents[1] / "benchmarks"


@pytest.fixture(scope="module")
def bench():
    sys.path.insert(0, str(FOLDER))
    try:
        return importlib.import_module("robustness")
    finally:
        sys.path.remove(str(FOLDER))


@pytest.mark.parametrize("modality", ["fluorescence", "histology"])
def test_objects_stay_where_they_are(bench, modality):
    made = simulate((96, 128), seed=1, modality=modality, noise=0.01, uneven_light=0)
    field = bench.Field(made.image, made.labels, made.image.ndim == 3)
    dark = made.image.ndim == 3
    for name, change in bench.changes_of(field).items():
        changed = change(field, np.random.default_rng(0))
        assert changed.pixels.shape[:2] == changed.labels.shape, name
        assert changed.is_rgb is (changed.pixels.ndim == 3 and name != "three 16 bit channels"), name
        grey = np.nan_to_num(changed.pixels.astype(float), nan=np.nanmedian(changed.pixels))
        grey = grey if grey.ndim == 2 else grey.mean(axis=2)
        inside, around = np.median(grey[changed.labels > 0]), np.median(grey[changed.labels == 0])
        assert bool(inside < around) == dark or name == "black frame", name
    assert field.pixels is made.image
    mosaic = bench.changes_of(field)["mosaic of 3 x 3"](field, np.random.default_rng(0))
    assert mosaic.labels.max() == 9 * made.count
    crop = bench.changes_of(field)["middle quarter"](field, np.random.default_rng(0))
    np.testing.assert_array_equal(crop.labels, made.labels[crop.window])
    assert crop.labels.shape == (48, 64)


def test_the_table_counts_falls_and_those_without_a_warning(bench):
    unchanged, changed = [0.9, 0.9, 0.8, 0.7], [0.9, 0.7, 0.4, 0.6]
    rows = pd.DataFrame(
        {
            "image": list("abcd"),
            "change": "blur",
            "modality": ["fluorescence", "fluorescence", "histology", "histology"],
            "unchanged": unchanged,
            "changed": changed,
            "warnings": [[], [], ["noisy"], []],
        }
    )
    row = bench.summarise(rows).loc["blur"]
    assert row[["images", "fell", "silent"]].tolist() == [4, 2, 1]
    assert row[["median", "worst", "fluorescence", "histology"]].tolist() == pytest.approx([-0.15, -0.4, -0.1, -0.25])
