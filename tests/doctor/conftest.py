"""A small data set of simulated fields, for the doctor to check."""

from __future__ import annotations

import pytest

from hooke.datasets import simulate
from hooke.datasets.layout import IndexRow, write_index, write_sample


@pytest.fixture
def write_dataset(tmp_path):
    """Return a function that writes samples {id: (image, labels, split)} as a data set."""

    def write(samples, name="data"):
        folder, rows = tmp_path / name, []
        for id_, (image, labels, split) in samples.items():
            write_sample(folder, id_, image, labels)
            count = int(labels.max(initial=0))
            rows.append(IndexRow(id_, split, "fluorescence", id_, *labels.shape, count))
        write_index(folder, rows)
        return folder

    return write


@pytest.fixture(scope="session")
def fields():
    """Four fields of nuclei that do not touch."""
    return [simulate((160, 192), seed=seed, overlap=0, density=0.15, bits=16) for seed in range(4)]
