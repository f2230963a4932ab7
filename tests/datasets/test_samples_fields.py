"""The simulated samples are a hooke data set whose truth is the simulator's."""

from __future__ import annotations

import numpy as np
import pytest

from hooke.datasets import simulate
from hooke.datasets.layout import read_index, read_sample
from hooke.datasets.simulation.fields import FieldSettings, parse_size, write_samples
from hooke.errors import ConfigError

SMALL = FieldSettings(shape=(64, 96), diameter=16)


def test_image_and_truth_are_the_simulators(tmp_path):
    settings = FieldSettings((64, 96), density=0.4, diameter=14, overlap=0.9, blur=2, noise=0.2, uneven_light=0.5)
    write_samples(tmp_path, settings, modalities=["brightfield"], count=2, seed=11)
    for name, seed in (("brightfield_1", 11), ("brightfield_2", 12)):
        made = simulate(
            (64, 96),
            seed=seed,
            modality="brightfield",
            density=0.4,
            diameter=14,
            overlap=0.9,
            blur=2,
            noise=0.2,
            uneven_light=0.5,
        )
        image, labels = read_sample(tmp_path, name)
        np.testing.assert_array_equal(image, made.image)
        np.testing.assert_array_equal(labels, made.labels)


def test_index_tells_what_was_written(tmp_path):
    paths = write_samples(tmp_path, SMALL, count=10)
    rows = read_index(tmp_path)
    assert len(rows) == 30
    assert [path.stem for path in paths[:-1]][:2] == ["fluorescence_01", "fluorescence_02"]
    for row in rows:
        _, labels = read_sample(tmp_path, row.id)
        assert (row.height, row.width, row.nuclei) == (64, 96, labels.max())
        assert row.id.startswith(row.modality)
    # 70/10/20 of each modality
    histology = [row.split for row in rows if row.modality == "histology"]
    assert {split: histology.count(split) for split in ("train", "val", "test")} == {"train": 7, "val": 1, "test": 2}


def test_a_single_field_is_named_after_its_modality(tmp_path):
    paths = write_samples(tmp_path, SMALL)
    assert [path.stem for path in paths] == ["fluorescence", "histology", "brightfield", "immunohistochemistry"]
    assert all(path.exists() for path in paths)
    assert paths[-1].parent.name == "real"  # without truth, so no part of the data set


@pytest.mark.parametrize("text", ["", "512x", "axb", "1x2x3", "-5", "12.5"])
def test_a_size_that_is_none_is_refused(text):
    with pytest.raises(ConfigError, match="520x696"):
        parse_size(text)


def test_nothing_asked_for_is_refused(tmp_path):
    with pytest.raises(ConfigError):
        write_samples(tmp_path, SMALL, count=0)
    with pytest.raises(ConfigError):
        write_samples(tmp_path, SMALL, modalities=[])
    assert not list(tmp_path.iterdir())
