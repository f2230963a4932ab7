"""The simulator: same seed same pixels; labels that are whole, visible and where the light says they are."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from hooke.datasets import simulate
from hooke.errors import ConfigError

MODALITIES = ["fluorescence", "histology", "brightfield"]


@pytest.mark.parametrize("modality", MODALITIES)
def test_a_seed_means_its_pixels(modality):
    one, same, other = (simulate((150, 170), seed=seed, modality=modality) for seed in (4, 4, 5))
    np.testing.assert_array_equal(one.image, same.image)
    np.testing.assert_array_equal(one.labels, same.labels)
    assert not np.array_equal(one.labels, other.labels)


def test_a_generator_is_used_up_not_restarted():
    rng = np.random.default_rng(1)
    assert not np.array_equal(simulate((64, 64), seed=rng).image, simulate((64, 64), seed=rng).image)


@pytest.mark.parametrize("modality", MODALITIES)
@pytest.mark.parametrize("overlap", [0.0, 1.0])
def test_labels_are_consecutive_whole_and_not_tiny(modality, overlap):
    labels = simulate((400, 300), seed=2, density=0.4, overlap=overlap, modality=modality).labels
    assert labels.dtype == np.int32
    count = labels.max()
    assert set(np.unique(labels)) == set(range(count + 1))
    for label in range(1, count + 1):
        piece = labels == label
        assert ndimage.label(piece)[1] == 1  # 4-connected
        assert piece.sum() >= 12


def test_without_overlap_no_nuclei_touch_and_with_it_many_do():
    def touching(overlap):
        labels = simulate((400, 400), seed=3, density=0.3, overlap=overlap).labels
        largest = ndimage.maximum_filter(labels, 3)
        smallest = ndimage.minimum_filter(np.where(labels > 0, labels, 2**30), 3)
        return len(np.unique(labels[(labels > 0) & (largest != smallest)]))

    assert touching(0.0) == 0
    assert touching(1.0) > 20


@pytest.mark.parametrize("modality", MODALITIES)
def test_every_nucleus_differs_from_its_surroundings(modality):
    field = simulate((400, 400), seed=6, density=0.12, overlap=0, uneven_light=0, noise=0.02, modality=modality)
    grey = field.image if field.image.ndim == 2 else field.image[..., 0]
    background = np.median(grey[field.labels == 0])
    inside = ndimage.median(grey, field.labels, range(1, field.count + 1))
    assert np.all(inside > background + 15) if modality == "fluorescence" else np.all(inside < background - 15)


def test_density_and_diameter_are_those_asked_for():
    field = simulate((600, 600), seed=7, density=0.2, diameter=20, diameter_spread=0.1, overlap=0)
    assert np.mean(field.labels > 0) == pytest.approx(0.2, abs=0.02)
    areas = np.bincount(field.labels.ravel())[1:]
    assert np.median(np.sqrt(4 * areas / np.pi)) == pytest.approx(20, rel=0.12)


def test_noise_has_the_deviation_asked_for():
    quiet = {"seed": 8, "density": 0.0, "uneven_light": 0.0, "modality": "brightfield", "bits": 16}
    clean, noisy = simulate((300, 300), noise=0.0, **quiet), simulate((300, 300), noise=0.1, **quiet)
    level = clean.image.mean() / 65535
    expected = 0.1 * np.sqrt(0.5 * 0.25 * (level + 0.25))  # half shot, half read noise, at 0.25 of full scale
    unclipped = noisy.image[noisy.image < 65535]
    assert clean.image.std() < 2
    lower = unclipped[unclipped < level * 65535]
    assert np.sqrt(np.mean((lower / 65535 - level) ** 2)) == pytest.approx(expected, rel=0.05)


def test_shapes_and_depths():
    assert simulate((40, 50), seed=0, modality="histology").image.shape == (40, 50, 3)
    wide = simulate((40, 50), seed=0, bits=16)
    assert wide.image.dtype == np.uint16
    assert wide.image.max() > 255
    assert simulate((30, 30), seed=0).image.dtype == np.uint8


@pytest.mark.parametrize("modality", MODALITIES)
@pytest.mark.parametrize("shape", [(1, 1), (1, 300), (7, 5), (257, 31)])
def test_any_size(shape, modality):
    field = simulate(shape, seed=1, modality=modality)
    assert field.image.shape[:2] == field.labels.shape == shape


def test_large_and_small_nuclei():
    assert simulate((500, 500), seed=1, diameter=200).count >= 1
    assert simulate((100, 100), seed=1, diameter=6).count >= 20


@pytest.mark.parametrize(
    "wrong",
    [{"density": 2}, {"diameter": 0}, {"overlap": -1}, {"noise": float("nan")}, {"modality": "x-ray"}, {"bits": 12}],
)
def test_a_senseless_setting_is_refused_by_name(wrong):
    with pytest.raises(ConfigError, match=next(iter(wrong))):
        simulate((32, 32), **wrong)


def test_an_empty_shape_is_refused():
    with pytest.raises(ConfigError, match="shape"):
        simulate((0, 10))


def test_its_old_place_still_serves():
    with pytest.warns(DeprecationWarning, match=r"import simulate from hooke\.datasets"):
        from hooke.datasets.simulator import simulate as old
    assert old is simulate
